/* SPDX-License-Identifier: BSD-2-Clause */
/* hostwatch.c - what the daemon needs of its host, looked at again and again: at the
 * start, when the kernel tells of a change, and now and then, since it does not tell of
 * all.
 *
 * What is the daemon's own is put back, the rest is told; and a host that cannot serve is
 * told to the engine, so that others serve. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host_facts.h"
#include "shell_internal.h"

/* --- the local routes of the external ranges -------------------------------------- */

static int
range_index(const struct conf *conf, const struct conf_range *range)
{
	for (unsigned i = 0; conf != NULL && i < conf->externals; i++)
		if (conf->external[i].prefix == range->prefix &&
		    ip_equal(&conf->external[i].ip, &range->ip))
			return (int)i;
	return CONF_NONE;
}

enum { STRAY_ROUTES = 2 * CONF_EXTERNALS };

struct routes {
	const struct conf *conf;
	uint32_t owner;
	bool present[CONF_EXTERNALS];
	struct {
		struct conf_range range;
		uint32_t owner;
	} stray[STRAY_ROUTES];
	unsigned strays;
};

static void
see_route(void *user, const struct conf_range *range, uint32_t owner)
{
	struct routes *routes = user;
	int index = range_index(routes->conf, range);
	/* Without an owner: of a version that told none. Only what self has itself now
	 * can be taken for self's. */
	bool ours = owner == routes->owner || (owner == 0 && index != CONF_NONE);

	if (owner == routes->owner && index != CONF_NONE) {
		routes->present[index] = true;
	} else if (ours && routes->strays < STRAY_ROUTES) {
		routes->stray[routes->strays].range = *range;
		routes->stray[routes->strays++].owner = owner;
	}
}

/* Accept a range that has no route, or has it no longer. */
static bool
accept_range(struct shell *shell, unsigned index)
{
	const struct conf_range *range = &shell->conf->external[index];
	struct hostwatch *watch = &shell->watch;
	char ip[IP_TEXT];

	ip_format(&range->ip, ip);
	if (netlink_local_add(shell->netlink, range, watch->owner) != 0) {
		if (!watch->route_failed)
			log_err("cannot accept %s/%u locally", ip, range->prefix);
		watch->route_failed = true;
		return false;
	}
	watch->route_failed = false;
	if (!watch->has_route[index])
		return true;
	shell->metrics->route_put_backs++;
	chronicle_note(shell, "host", REPORT_WARN,
	    "external %s/%u: the local route was removed by another program; put back",
	    ip, range->prefix);
	return true;
}

/* Make the local routes that are self's those of CONF; NULL: none. */
static void
set_routes(struct shell *shell, const struct conf *conf)
{
	struct routes routes = { .conf = conf, .owner = shell->watch.owner };
	char ip[IP_TEXT];

	if (netlink_local_dump(shell->netlink, see_route, &routes) != 0) {
		log_warn("cannot list the local routes");
		return;
	}
	for (unsigned i = 0; conf != NULL && i < conf->externals; i++)
		shell->watch.has_route[i] = routes.present[i] || accept_range(shell, i);
	for (unsigned i = 0; i < routes.strays; i++) {
		const struct conf_range *range = &routes.stray[i].range;
		if (netlink_local_remove(shell->netlink, range, routes.stray[i].owner) !=
		    0)
			log_warn("cannot remove the local route of %s/%u",
			    ip_format(&range->ip, ip), range->prefix);
	}
}

/* --- what is found ---------------------------------------------------------------- */

static bool
is_wrong(const struct requirement_finding *finding)
{
	return finding->level >= REQUIREMENT_UNMET;
}

static bool
has(const struct requirement_findings *findings, const struct requirement_finding *wanted)
{
	for (unsigned i = 0; i < findings->count; i++)
		if (findings->finding[i].kind == wanted->kind &&
		    findings->finding[i].level == wanted->level &&
		    strcmp(findings->finding[i].text, wanted->text) == 0)
			return true;
	return false;
}

static void
tell_changes(struct shell *shell, const struct requirement_findings *now)
{
	const struct requirement_findings *before = &shell->watch.found;

	for (unsigned i = 0; i < now->count; i++)
		if (is_wrong(&now->finding[i]) && !has(before, &now->finding[i]))
			chronicle_note(shell, "host", REPORT_WARN, "host %s: %s",
			    requirement_level_name(now->finding[i].level),
			    now->finding[i].text);
	for (unsigned k = 0; k < REQUIREMENTS; k++) {
		enum requirement_kind kind = (enum requirement_kind)k;
		if (requirements_worst_of(before, kind) >= REQUIREMENT_UNMET &&
		    requirements_worst_of(now, kind) < REQUIREMENT_UNMET)
			chronicle_note(shell, "host", REPORT_INFO,
			    "host: %s is right again", requirement_name(kind));
	}
}

/* Of an earlier run on another interface, without a lease: nobody else removes them. */
static void
remove_strays(struct shell *shell, const struct host_facts *facts)
{
	struct netlink_link link;
	char ip[IP_TEXT];

	for (unsigned i = 0; i < facts->strays; i++) {
		const struct host_stray *stray = &facts->stray[i];
		struct netlink_change change = { NETLINK_REMOVE, stray->ip, 0, 0 };
		if (stray->own || !stray->marked || stray->prefix != 32 ||
		    netlink_get_link(shell->netlink, stray->interface, &link) != 0)
			continue;
		log_warnx("%s: left on %s by an earlier run; removed",
		    ip_format(&stray->ip, ip), stray->interface);
		(void)netlink_change(shell->netlink, link.ifindex, &change, 1);
	}
}

static void
find_lost(struct shell *shell, const struct host_census *census)
{
	for (unsigned a = 0; a < shell->conf->addresses; a++)
		if (!census->present[a])
			engine_gone(
			    shell->engine, &shell->conf->address[a].ip, shell_now_ns());
}

int
hostwatch_look(struct shell *shell)
{
	struct hostwatch *watch = &shell->watch;
	struct host_census *census = malloc(sizeof(*census));
	struct requirement_findings now;
	struct host_facts facts;
	int status = -1;

	if (shell->link.ifindex == 0) { /* gone: the engine knows */
		free(census);
		return 0;
	}
	set_routes(shell, shell->conf);
	if (census != NULL &&
	    host_facts(shell->netlink, &shell->link, shell->conf, &facts, census) == 0) {
		if (!watch->strays_removed)
			remove_strays(shell, &facts);
		watch->strays_removed = true;
		requirements_judge(shell->conf, &facts, &now);
		tell_changes(shell, &now);
		watch->found = now;
		find_lost(shell, census);
		engine_fitness(shell->engine,
		    requirements_worst(&now) < REQUIREMENT_UNFIT, shell_now_ns());
		status = 0;
	}
	free(census);
	return status;
}

void
hostwatch_reload(struct shell *shell, uint32_t owner)
{
	uint32_t before = shell->watch.owner;

	memset(shell->watch.has_route, 0, sizeof(shell->watch.has_route));
	shell->watch.owner = owner;
	(void)hostwatch_look(shell);
	if (owner == before)
		return;
	/* The cluster has another name; the new routes are there already. */
	shell->watch.owner = before;
	set_routes(shell, NULL);
	shell->watch.owner = owner;
}

void
hostwatch_end(struct shell *shell)
{
	set_routes(shell, NULL);
}
