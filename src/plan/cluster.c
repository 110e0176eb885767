/* SPDX-License-Identifier: BSD-2-Clause */
/* cluster.c - the cluster that the command line means. */
#include "cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "planning.h"
#include "ranges.h"

enum {
	ITEM = 2 * CONF_NAME,
	MANY_SERVERS = 16, /* with more, lists of all servers are long and hardly used */
	FEW_TIERS = 8
};

int
cluster_add_server(struct conf *conf, const char *option, const char *name)
{
	if (*name == '\0')
		return usage_error("--%s: a name is missing; write names with commas "
				   "between them, such as A,B,C",
		    option);
	if (!conf_is_name(name, strlen(name)))
		return usage_error("--%s: `%.70s' is not a server's name; write at most "
				   "%d letters, digits, dots, hyphens or underscores",
		    option, name, CONF_NAME - 1);
	if (conf_server_by_name(conf, name) != CONF_NONE)
		return usage_error(
		    "--%s: there is a server %s already; write another name", option,
		    name);
	if (conf->servers == CONF_SERVERS)
		return usage_error("--%s: more than %d servers; make several clusters",
		    option, CONF_SERVERS);

	struct conf_server *server = &conf->server[conf->servers++];
	memset(server, 0, sizeof *server);
	server->weight = 1;
	memcpy(server->name, name, strlen(name));
	return 0;
}

static int
set_weight(struct conf *conf, unsigned s, const char *value)
{
	if (!word_number(value, CONF_WEIGHT, &conf->server[s].weight))
		return usage_error(
		    "--weight: `%s' is out of bounds; write %s=N, from 0 to %d", value,
		    conf->server[s].name, CONF_WEIGHT);
	return 0;
}

static int
set_rack(struct conf *conf, unsigned s, const char *value)
{
	if (!conf_is_name(value, strlen(value)))
		return usage_error("--rack: `%.70s' is not a name; write at most %d "
				   "letters, digits, dots, hyphens or underscores",
		    value, CONF_NAME - 1);
	memset(conf->server[s].rack, 0, CONF_NAME);
	memcpy(conf->server[s].rack, value, strlen(value));
	return 0;
}

int
cluster_add_mac(struct conf *conf, unsigned s, const char *what, const char *text)
{
	struct conf_server *server = &conf->server[s];
	struct mac mac;

	if (strcmp(text, CONF_PLACEHOLDER) == 0)
		return 0;
	if (!mac_parse(text, &mac) || mac_is_zero(&mac) || mac_is_group(&mac))
		return usage_error("%s: `%.40s' is no hardware address of a host; write "
				   "six pairs such as 02:00:00:00:00:01",
		    what, text);
	int owner = conf_server_by_mac(conf, &mac);
	if (owner != CONF_NONE)
		return usage_error("%s: %s is that of server %s already; write %s's own",
		    what, text, conf->server[owner].name, server->name);
	if (server->macs == CONF_MACS)
		return usage_error("%s: more than %d hardware addresses for %s; remove "
				   "some",
		    what, CONF_MACS, server->name);
	server->mac[server->macs++] = mac;
	return 0;
}

static int
set_mac(struct conf *conf, unsigned s, const char *value)
{
	return cluster_add_mac(conf, s, "--mac", value);
}

/* NAME=VALUE items, each handed to SET. */
static int
set_each(struct conf *conf, const struct words *words, const char *option,
    int (*set)(struct conf *, unsigned, const char *))
{
	char item[ITEM];
	const char *rest = NULL, *value;
	unsigned at = 0;
	int status;

	while (words_next(words, &at, &rest, item, sizeof item)) {
		if (!word_split(item, &value))
			return usage_error(
			    "--%s: `%s' is incomplete; write NAME=VALUE", option, item);
		int s = conf_server_by_name(conf, item);
		if (s == CONF_NONE)
			return usage_error(
			    "--%s: there is no server %s; write one of the servers",
			    option, item);
		if ((status = set(conf, (unsigned)s, value)) != 0)
			return status;
	}
	return 0;
}

int
cluster_set_servers(struct conf *conf, const struct options *options)
{
	/* A hardware address that is given replaces what a file had. */
	char item[ITEM];
	const char *rest = NULL, *value;
	unsigned at = 0;
	int status;

	while (words_next(&options->macs, &at, &rest, item, sizeof item)) {
		int s = word_split(item, &value) ? conf_server_by_name(conf, item)
						 : CONF_NONE;
		if (s != CONF_NONE)
			conf->server[s].macs = 0;
	}
	if ((status = set_each(conf, &options->macs, "mac", set_mac)) != 0 ||
	    (status = set_each(conf, &options->weights, "weight", set_weight)) != 0 ||
	    (status = set_each(conf, &options->racks, "rack", set_rack)) != 0)
		return status;
	return options->macs_file != NULL ? macs_read(conf, options->macs_file) : 0;
}

int
cluster_set_addresses(struct conf *conf, const struct options *options)
{
	uint32_t *value = calloc(CONF_ADDRESSES, sizeof *value);

	if (value == NULL)
		return run_error("out of memory");
	int count = ranges_read(&options->addresses, "addresses", value);
	for (int a = 0; a < count; a++)
		conf->address[a] = (struct conf_address){ .ip = ip_v4(value[a]) };
	if (count >= 0)
		conf->addresses = (unsigned)count;
	free(value);
	return count < 0 ? EXIT_USAGE : 0;
}

int
cluster_tiers(const struct conf *conf, const struct options *options, unsigned *tiers)
{
	if (conf->servers < 2)
		return usage_error(
		    "%u server is no cluster; name two servers at least", conf->servers);
	if (options->tiers == NULL) {
		*tiers = conf->servers <= MANY_SERVERS ? conf->servers : FEW_TIERS;
		return 0;
	}
	if (strcmp(options->tiers, "all") == 0) {
		*tiers = conf->servers;
		return 0;
	}
	if (!word_number(options->tiers, UINT16_MAX, tiers) || *tiers < 2)
		return usage_error(
		    "--tiers: `%s' is out of bounds; write 2 to %u, or all",
		    options->tiers, conf->servers);
	if (*tiers > conf->servers)
		return usage_error("--tiers: %u tiers need as many servers, and there "
				   "are %u; write 2 to "
				   "%u, or all",
		    *tiers, conf->servers, conf->servers);
	return 0;
}

/* Of --servers and --addresses. */
static int
make(struct conf *conf, const struct options *options)
{
	char item[ITEM];
	const char *rest = NULL;
	unsigned at = 0, tiers;
	int status;

	conf_defaults(conf);
	if (options->servers.count == 0)
		return usage_error("no cluster; write --servers A,B,... and --addresses "
				   "10.77.0.1-30, or -c FILE");
	if (options->addresses.count == 0)
		return usage_error(
		    "no addresses; write --addresses and the failover "
		    "addresses, such as 10.77.0.1-30 (how many: --advise)");
	while (words_next(&options->servers, &at, &rest, item, sizeof item))
		if ((status = cluster_add_server(conf, "servers", item)) != 0)
			return status;
	if ((status = cluster_set_servers(conf, options)) != 0 ||
	    (status = cluster_set_addresses(conf, options)) != 0 ||
	    (status = cluster_tiers(conf, options, &tiers)) != 0)
		return status;
	if (conf->addresses < conf->servers)
		return usage_error(
		    "--addresses: %u addresses for %u servers leave some without; write "
		    "%u at least, or name fewer servers",
		    conf->addresses, conf->servers, conf->servers);
	if ((status = network_check(conf, options)) != 0)
		return status;
	return planning_lists(conf, tiers, NULL);
}

struct conf *
cluster_open(const struct options *options, int *status)
{
	struct conf *conf = calloc(1, sizeof *conf);

	if (conf == NULL)
		*status = run_error("out of memory");
	else if (options->config == NULL)
		*status = make(conf, options);
	else if (load_draft(options->config, conf) != 0)
		*status = EXIT_FILE_WRONG;
	else if (network_check(conf, options) != 0)
		*status = EXIT_FILE_WRONG;
	else
		*status = 0;
	if (*status == 0)
		return conf;
	free(conf);
	return NULL;
}
