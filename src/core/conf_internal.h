/* SPDX-License-Identifier: BSD-2-Clause */
/* conf_internal.h - what the files of the configuration reader share, and nobody else.
 *
 *   conf.c          sections come in, mistakes are kept
 *   conf_key.c      keys come in
 *   conf_value.c    one value: a duration, a number, a name
 *   conf_net.c      one value: an address, a range, a prefix, a hardware address
 *   conf_plan.c     [plan]: what the lists are made of
 *   conf_metrics.c  the keys of [metrics]
 *   conf_list.c     the keys that hold lists, and who is already where
 *   conf_check.c    conf_finish(): what only the whole file can tell
 *   conf_health.c   checks, and the command that is notified
 *   conf_nearest.c  "did you mean"
 *   conf_find.c     look-ups in the finished configuration
 *   conf_digest.c   the lists as one number
 */
#ifndef VLBD_CONF_INTERNAL_H
#define VLBD_CONF_INTERNAL_H

#include "vlbd/conf.h"

#define CONF_ITEM 64     /* longest item of a list, with its end */
#define CONF_NOBODY 0xff /* no server has this tier */

/* The section that is being read. */
enum conf_where {
	IN_NOTHING, /* before the first section */
	IN_CLUSTER,
	IN_TIMING,
	IN_PLAN,
	IN_METRICS,
	IN_NOTIFY,
	IN_SERVER,
	IN_CHECK,
	IN_UNKNOWN /* told already; what stands in it is passed over */
};

enum conf_key {
	KEY_NAME,
	KEY_INTERFACE,
	KEY_ROUTER,
	KEY_EXTERNAL,
	KEY_HELLO,
	KEY_PROBES,
	KEY_PROBE_INTERVAL,
	KEY_ANSWER_TIMEOUT,
	KEY_LEASE,
	KEY_FAILBACK,
	KEY_MAX_RATE,
	KEY_ADDRESSES,
	KEY_TIERS,
	KEY_TEXTFILE,
	KEY_INTERVAL,
	KEY_MAX_MOVES,
	KEY_NOTIFY_COMMAND,
	KEY_NOTIFY_TIMEOUT,
	KEY_NOTIFY_USER,
	KEY_TYPE,
	KEY_TARGET,
	KEY_CHECK_INTERVAL,
	KEY_TIMEOUT,
	KEY_RISE,
	KEY_FALL,
	KEY_EXPECT,
	KEY_HOST,
	KEY_USER,
	KEY_MAC,
	KEY_WEIGHT,
	KEY_RACK,
	KEY_PRIMARY,
	KEY_SECONDARY,
	KEY_TERTIARY,
	KEY_TIER, /* tier1, tier2, ... */
	CONF_KEYS
};

/* What an enum conf_where is called, and the keys that may stand in it, for a mistake. */
struct conf_heading {
	const char *name;
	const char *keys;
};
extern const struct conf_heading conf_headings[];

/* A failover address while the file is read: holes in its list are still possible. */
struct conf_place {
	struct ip ip;
	uint8_t server[CONF_TIERS]; /* CONF_NOBODY: a hole */
	int line[CONF_TIERS];
	int plan_line; /* of [plan]; 0: not in it */
};

struct conf_reader {
	struct conf *conf;

	enum conf_where where;
	unsigned server; /* of the section, IN_SERVER */
	unsigned check;  /* of the section, IN_CHECK */
	int line;        /* being read */
	const char *key; /* being read */

	int section_line[IN_SERVER]; /* of those that stand once; 0: not seen */
	int key_line[CONF_KEYS];     /* where a scalar was given; 0: it was not */
	bool key_bad[CONF_KEYS];     /* given, but could not be read */
	int router_line[CONF_ROUTERS];
	int external_line[CONF_EXTERNALS];
	int mac_line[CONF_SERVERS][CONF_MACS];
	bool mac_given[CONF_SERVERS];

	unsigned tiers; /* of [plan]; 0: not given */
	bool tiers_all;

	/* An item of a list of this tier could not be read, so a hole in the tier may be
	 * only the consequence. The line of the first such item; 0: none. */
	int tier_lost[CONF_TIERS];

	/* The keys of each check, which are understood together, in conf_finish(). */
	int check_line[CONF_CHECKS][KEY_USER - KEY_TYPE + 1]; /* 0: not given */
	bool check_bad[CONF_CHECKS]; /* one of them could not be read */
	bool full_checks;

	bool placeholders; /* are taken */
	bool full_servers; /* told once, not for each one too many */
	bool full_places;
	unsigned places;
	struct conf_place place[CONF_ADDRESSES]; /* in the order of the file */
	uint16_t order[CONF_ADDRESSES];          /* of place[], by ip_compare() */

	unsigned kept;
	unsigned total;
	struct conf_error error[CONF_ERRORS];
};

/* A mistake found in the core: what was read of the line counts. conf_mistake() is for
 * the caller's, whose line never came. */
void conf_tell(struct conf_reader *reader, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A list of TIER (of any tier) in LINE could not be read: holes may be its consequence.
 */
void conf_lose_tier(struct conf_reader *reader, unsigned tier, int line);
void conf_lose_tiers(struct conf_reader *reader, int line);
/* A mistake in the value of the key that is being read: "KEY: " stands before it. */
void conf_wrong(struct conf_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What a duration may be. */
struct conf_duration {
	const char *word; /* stands for WORD_NS; NULL: no such word */
	uint64_t word_ns;
	uint64_t least_ns;
	uint64_t most_ns;
	bool whole_seconds;
	const char *write; /* "write ..." in a mistake */
};

/* Each tells what is wrong through conf_wrong() and returns false; *out is as it was. */
bool conf_read_duration(struct conf_reader *reader, const struct conf_duration *rule,
    const char *text, uint64_t *out);
bool conf_read_number(struct conf_reader *reader, const char *text, unsigned least,
    unsigned most, unsigned *out);
bool conf_read_interface(
    struct conf_reader *reader, const char *text, char out[CONF_NAME]);
bool conf_read_range(
    struct conf_reader *reader, const char *item, uint32_t *first, uint32_t *last);
bool conf_read_address(struct conf_reader *reader, const char *item, struct ip *out);
bool conf_read_prefix(
    struct conf_reader *reader, const char *item, struct conf_range *out);
bool conf_read_mac(struct conf_reader *reader, const char *item, struct mac *out);

/* The keys of [metrics]. */
bool conf_read_textfile(struct conf_reader *reader, const char *value);
bool conf_read_metrics_interval(struct conf_reader *reader, const char *value);

/* The keys that hold lists. False when an item could not be read. */
bool conf_read_routers(struct conf_reader *reader, const char *value);
bool conf_read_externals(struct conf_reader *reader, const char *value);
bool conf_read_macs(struct conf_reader *reader, const char *value);
bool conf_read_tier(struct conf_reader *reader, const char *value, unsigned tier);
bool conf_read_planned(struct conf_reader *reader, const char *value);
bool conf_read_tiers(struct conf_reader *reader, const char *value);

/* [plan] makes the lists. */
bool conf_is_planned(const struct conf_reader *reader);
/* conf_finish()'s part for such a file. */
void conf_check_plan(struct conf_reader *reader);

/* conf_health.c */
void conf_begin_check(struct conf_reader *reader, const char *name);
bool conf_read_check(struct conf_reader *reader, enum conf_key key, const char *value);
bool conf_read_notify(struct conf_reader *reader, enum conf_key key, const char *value);
void conf_finish_health(struct conf_reader *reader);

/* How many letters must change to make A of B (add, drop, replace, swap neighbours; case
 * is no difference). Long words are far from everything. */
unsigned conf_distance(const char *a, const char *b);
/* DISTANCE is small enough for WORD to be a slip. */
bool conf_is_near(const char *word, unsigned distance);

#endif
