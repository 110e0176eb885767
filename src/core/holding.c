/* SPDX-License-Identifier: BSD-2-Clause */
/* holding.c - wishes against the kernel's truth, one address at a time. */
#include "vlbd/holding.h"

#include <stddef.h>

#include "vlbd/conf.h"

#define NEVER UINT64_MAX

enum {
	RETRY_FIRST_MS = 50,
	RETRY_MAX_MS = 5000,
	RETRY_REMOVE_MS = 200, /* what another server serves by now must go soon */
	/* The kernel was measured to drop a lease up to 23 ms early. */
	EARLY_MS = 50,
	CALM_S = 10 /* without trouble, after which it is forgotten */
};

static uint64_t
backoff_ns(unsigned failures)
{
	uint64_t ms = RETRY_FIRST_MS;

	for (unsigned i = 1; i < failures && ms < RETRY_MAX_MS; i++)
		ms *= 2;
	return (ms < RETRY_MAX_MS ? ms : RETRY_MAX_MS) * MS_NS;
}

void
holding_init(struct holding *holding)
{
	*holding = (struct holding){ .expires_ns = NEVER, .retry_ns = NEVER };
}

void
holding_adopt(struct holding *holding, uint64_t expires_ns)
{
	holding_init(holding);
	holding->have = true;
	holding->expires_ns = expires_ns;
}

enum holding_verb
holding_next(struct holding *holding, uint64_t now_ns)
{
	if (holding->pending != HOLDING_NONE)
		return HOLDING_NONE;
	if (holding->want == holding->have) {
		holding->retry_ns = NEVER;
		return HOLDING_NONE;
	}
	if (holding->retry_ns != NEVER && now_ns < holding->retry_ns)
		return HOLDING_NONE;
	holding->retry_ns = NEVER;
	holding->pending = holding->want ? HOLDING_ADD : HOLDING_REMOVE;
	holding->asked_ns = now_ns;
	return holding->pending;
}

bool
holding_renew(struct holding *holding, uint64_t now_ns)
{
	if (!holding->have || !holding->want || holding->pending != HOLDING_NONE)
		return false;
	holding->pending = HOLDING_RENEW;
	holding->asked_ns = now_ns;
	return true;
}

static void
failed(struct holding *holding, uint64_t now_ns)
{
	uint64_t wait_ns = backoff_ns(++holding->failures);

	holding->troubled_ns = now_ns;
	if (!holding->want && wait_ns > RETRY_REMOVE_MS * MS_NS)
		wait_ns = RETRY_REMOVE_MS * MS_NS;
	holding->retry_ns = now_ns + wait_ns;
}

bool
holding_done(struct holding *holding, enum holding_verb verb, bool ok, uint64_t now_ns,
    uint64_t lease_ns)
{
	uint64_t old_expires_ns = holding->expires_ns;

	if (holding->pending == verb)
		holding->pending = HOLDING_NONE;
	if (!ok) {
		failed(holding, now_ns);
		return true;
	}
	if (verb == HOLDING_REMOVE) {
		holding->have = false;
		holding->failures = 0;
		holding->expires_ns = NEVER;
		return true;
	}
	/* Counted from when it was asked, so that our clock is the stricter one. */
	holding->expires_ns =
	    lease_ns == 0 ? NEVER : holding->asked_ns + lease_ns - EARLY_MS * MS_NS;
	holding->have = true;
	if (verb == HOLDING_RENEW && now_ns - holding->troubled_ns >= CALM_S * SEC_NS)
		holding->failures = 0;
	return verb != HOLDING_RENEW || now_ns < old_expires_ns;
}

bool
holding_gone(struct holding *holding, uint64_t now_ns)
{
	/* While a change is under way its result tells the truth, later. */
	if (!holding->have || holding->pending != HOLDING_NONE)
		return false;
	holding->have = false;
	holding->expires_ns = NEVER;
	if (!holding->want)
		return false;
	holding->troubled_ns = now_ns;
	/* The first time it is put back at once. */
	if (holding->failures++ > 0)
		holding->retry_ns = now_ns + backoff_ns(holding->failures);
	return true;
}

bool
holding_lapsed(const struct holding *holding, uint64_t now_ns)
{
	return holding->have && holding->want && now_ns >= holding->expires_ns;
}
