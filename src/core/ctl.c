/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl.c - requests in; who answers them. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "ctl_internal.h"

static const char *const commands[CTL_COMMANDS] = {
	[CTL_STATUS] = "status",
	[CTL_ADDRESSES] = "addresses",
	[CTL_PEERS] = "peers",
	[CTL_DRAIN] = "drain",
	[CTL_RESUME] = "resume",
	[CTL_RELOAD] = "reload",
};

bool
ctl_parse(const char *line, struct ctl_request *out, char *error, size_t size)
{
	size_t len = strcspn(line, " ");
	const char *rest = line + len + strspn(line + len, " ");

	for (unsigned c = 0; c < CTL_COMMANDS; c++) {
		if (strlen(commands[c]) != len || strncmp(commands[c], line, len) != 0)
			continue;
		out->command = (enum ctl_command)c;
		out->json = strcmp(rest, "--json") == 0;
		if (*rest == '\0' || out->json)
			return true;
		snprintf(error, size, "%s takes nothing but --json", commands[c]);
		return false;
	}
	snprintf(error, size,
	    "this daemon knows no such command; it knows status, addresses, peers, "
	    "drain, "
	    "resume and reload");
	return false;
}

const char *
ctl_owner_name(const struct engine *engine, int owner)
{
	return owner == CONF_NONE ? NULL : engine_conf(engine)->server[owner].name;
}

size_t
ctl_answer(const struct engine *engine, const struct ctl_request *request,
    uint64_t now_ns, char *text, size_t size)
{
	struct out out = { .text = text, .size = size };

	assert(request->command <= CTL_PEERS);
	if (request->json)
		ctl_json(&out, engine, request->command, now_ns);
	else
		ctl_table(&out, engine, request->command, now_ns);
	return out.len;
}
