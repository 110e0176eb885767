/* SPDX-License-Identifier: BSD-2-Clause */
/* conf_digest.c - one number for all lists, to see at a glance whether two servers have
 * the same, and one for the cluster's name.
 *
 * FNV-1a of 64 bits (Fowler, Noll and Vo; in the public domain), folded to fewer as its
 * authors advise, so that both fit into a frame's padding. They guard against slips of
 * the administrator, not against forgery. */
#include "vlbd/conf.h"

#include <string.h>

#define OFFSET_BASIS UINT64_C(0xcbf29ce484222325)

static uint64_t
mix(uint64_t hash, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * UINT64_C(0x00000100000001b3);
	return hash;
}

uint64_t
conf_digest(const struct conf *conf)
{
	uint64_t hash = OFFSET_BASIS;

	for (unsigned a = 0; a < conf->addresses; a++) {
		const struct conf_address *address = &conf->address[a];
		char ip[IP_TEXT];

		/* Text, each with its end: no byte order, and no two readings. */
		ip_format(&address->ip, ip);
		hash = mix(hash, ip, strlen(ip) + 1);
		for (unsigned t = 0; t < address->tiers; t++) {
			const char *name = conf->server[address->server[t]].name;
			hash = mix(hash, name, strlen(name) + 1);
		}
		hash = mix(hash, "", 1);
	}
	hash = (hash >> 56) ^ (hash & UINT64_C(0x00ffffffffffffff));
	return hash != 0 ? hash : 1;
}

static uint32_t
fold(uint64_t hash)
{
	uint32_t folded = (uint32_t)(hash >> 32 ^ hash);

	return folded != 0 ? folded : 1;
}

uint32_t
conf_cluster_digest(const struct conf *conf)
{
	return fold(mix(OFFSET_BASIS, conf->name, strlen(conf->name)));
}

uint32_t
conf_instance_digest(const struct conf *conf, const char *interface)
{
	uint64_t hash = mix(OFFSET_BASIS, conf->name, strlen(conf->name) + 1);

	return fold(mix(hash, interface, strlen(interface)));
}

const char *
conf_digest_format(uint64_t digest, char text[CONF_DIGEST_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	unsigned len = CONF_DIGEST_TEXT - 1;

	for (unsigned i = 0; i < len; i++)
		text[i] = digits[digest >> 4 * (len - 1 - i) & 0xf];
	text[len] = '\0';
	return text;
}
