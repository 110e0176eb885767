/* SPDX-License-Identifier: BSD-2-Clause */
/* conf.h - the configuration: fed line by line, checked as a whole.
 *
 * It opens no file and allocates nothing. Feed it every key with conf_set(), in the
 * file's order, then call conf_finish(); each mistake found on the way is kept in the
 * error list, so that a user reads all of them at once. vlb.ini(5) is the contract. */
#ifndef VLBD_CONF_H
#define VLBD_CONF_H

#include "vlbd/ip.h"
#include "vlbd/mac.h"

#define CONF_SERVERS 64     /* most servers */
#define CONF_ADDRESSES 4096 /* most failover addresses */
#define CONF_TIERS CONF_SERVERS
#define CONF_MACS 8       /* most hardware addresses of one server */
#define CONF_ROUTERS 8    /* most routers */
#define CONF_EXTERNALS 16 /* most external ranges */
#define CONF_NAME 64      /* longest name, with its end */
#define CONF_PATH 256     /* longest path, with its end */
#define CONF_ERRORS 64    /* mistakes kept; more are only counted */
#define CONF_WEIGHT 1000  /* most weight of a server */
/* Stands for a hardware address that is still to be filled in; vlbplan writes it. */
#define CONF_PLACEHOLDER "FILL-IN"
#define CONF_DIGEST_TEXT 15 /* 56 bits as hexadecimal digits, with their end */
#define CONF_CHECKS 16      /* most checks */
#define CONF_VALUE 200      /* longest value, with its end */
#define CONF_ARGUMENTS 32   /* most words of a command */
#define CONF_EXPECTS 8      /* most ranges of expected statuses */
#define CONF_MOVES 8        /* most that max_moves can be */
#define CONF_NONE (-1)      /* no such server, address or tier */

#define CONF_NEVER UINT64_MAX /* failback = manual */
#define MS_NS UINT64_C(1000000)
#define SEC_NS (1000 * MS_NS)
#define CONF_MOVES_NS (180 * SEC_NS) /* the window of max_moves */

struct conf_timing {
	uint64_t hello_ns; /* 0: off, purely passive */
	unsigned probes;
	uint64_t probe_interval_ns;
	uint64_t answer_timeout_ns;
	uint64_t lease_ns;    /* whole seconds; 0: off */
	uint64_t failback_ns; /* 0: at once; CONF_NEVER: manual */
	unsigned max_rate;    /* frames a second; 0: off */
	unsigned max_moves;   /* of an address within CONF_MOVES_NS; 0: off */
};

struct conf_metrics {
	char textfile[CONF_PATH]; /* "": none */
	uint64_t interval_ns;
};

struct conf_range {
	struct ip ip; /* network address */
	uint8_t prefix;
};

struct conf_server {
	char name[CONF_NAME];
	int line; /* of its section */
	unsigned macs;
	struct mac mac[CONF_MACS];
	unsigned weight;      /* its share in a plan; 0: drained, no share */
	char rack[CONF_NAME]; /* "": not said */
};

struct conf_address {
	struct ip ip;
	uint8_t tiers;              /* how many servers are in its list */
	uint8_t server[CONF_TIERS]; /* index by tier */
};

/* What is executed without a shell. */
struct conf_command {
	unsigned arguments;    /* 0: there is no command */
	char text[CONF_VALUE]; /* the arguments, each with its NUL */
	char user[CONF_NAME];
	uint64_t timeout_ns;
};

enum conf_check_kind { CHECK_TCP, CHECK_HTTP, CHECK_COMMAND, CHECK_KINDS };

struct conf_expect {
	uint16_t low, high; /* HTTP statuses */
};

struct conf_check {
	char name[CONF_NAME];
	int line; /* of its section */
	enum conf_check_kind kind;
	char target[CONF_VALUE]; /* as it was written */
	uint64_t interval_ns, timeout_ns;
	unsigned rise, fall;
	struct ip ip; /* tcp and http */
	uint16_t port;
	char host[CONF_VALUE]; /* http: of the header Host; */
	char path[CONF_VALUE]; /* and what is asked for */
	unsigned expects;
	struct conf_expect expect[CONF_EXPECTS];
	struct conf_command command; /* its timeout is the check's */
};

struct conf {
	char name[CONF_NAME];
	char interface[CONF_NAME];
	unsigned routers;
	struct ip router[CONF_ROUTERS];
	unsigned externals;
	struct conf_range external[CONF_EXTERNALS];
	struct conf_timing timing;
	unsigned planned; /* tiers that [plan] makes; 0: the lists are given */
	struct conf_metrics metrics;
	unsigned servers;
	struct conf_server server[CONF_SERVERS];
	unsigned addresses;
	struct conf_address address[CONF_ADDRESSES]; /* in the order of ip_compare() */
	unsigned checks;
	struct conf_check check[CONF_CHECKS];
	struct conf_command notify;
};

struct conf_error {
	int line; /* 0: the file as a whole */
	char text[200];
};

struct plan_lists;
struct plan_request;

/* Everything that is needed only while reading. Large: not for the stack. */
struct conf_reader;

/* Bytes to allocate for a struct conf_reader. */
size_t conf_reader_size(void);
/* *conf without servers and addresses, every key at its default. */
void conf_defaults(struct conf *conf);
/* Begin: *conf gets the defaults, no error yet. READER needs no clean-up. */
void conf_begin(struct conf_reader *reader, struct conf *conf);
/* Take placeholders for hardware addresses: the server has none then (.macs = 0). For
 * programs that speak to nobody. */
void conf_allow_placeholders(struct conf_reader *reader);
/* A section's head ("server A", without brackets) stands at LINE. */
void conf_section(struct conf_reader *reader, int line, const char *section);
/* KEY = VALUE stands at LINE, in the section told last. */
void conf_set(struct conf_reader *reader, int line, const char *key, const char *value);
/* A mistake that the caller found itself (a line that is no INI, a line too long). */
void conf_mistake(struct conf_reader *reader, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Check what needs the whole file. True: *conf is right, and complete unless
 * conf->planned: then the lists are still to be made with plan.h, as
 * conf_plan_request() says, and handed to conf_plan_take(). */
bool conf_finish(struct conf_reader *reader);
/* What the planner is to make, for a file with [plan]; it is PLAN_OK. */
void conf_plan_request(const struct conf *conf, struct plan_request *out);
void conf_plan_take(struct conf *conf, const struct plan_lists *lists);
/* The mistakes, in the order of their lines; *total counts those beyond CONF_ERRORS too.
 */
const struct conf_error *conf_errors(
    const struct conf_reader *reader, unsigned *kept, unsigned *total);

/* "primary", "secondary", "tertiary", "tier4" for TIER 0, 1, ... Fill TEXT and return it.
 */
const char *conf_tier_name(unsigned tier, char text[CONF_NAME]);
/* LEN bytes of TEXT are letters, digits, '.', '_' and '-', and fit a name. */
bool conf_is_name(const char *text, size_t len);
/* A number of 56 bits for the lists alone: each address and the names of its servers, in
 * order, however they were given. The same on every machine; never 0. */
uint64_t conf_digest(const struct conf *conf);
/* A number of 32 bits for the cluster's name, by which the daemons of several clusters on
 * one interface tell their frames apart. The same on every machine; never 0. */
uint32_t conf_cluster_digest(const struct conf *conf);
/* Likewise for the cluster's name on INTERFACE: what one daemon of this host has of its
 * own, such as its local routes, is told by it from what another daemon has. */
uint32_t conf_instance_digest(const struct conf *conf, const char *interface);
/* DIGEST as 14 hexadecimal digits. */
const char *conf_digest_format(uint64_t digest, char text[CONF_DIGEST_TEXT]);

/* Index of the server of that NAME or MAC, or CONF_NONE. */
int conf_server_by_name(const struct conf *conf, const char *name);
int conf_server_by_mac(const struct conf *conf, const struct mac *mac);
/* Index of the failover address IP, or CONF_NONE. Binary search. */
int conf_address_by_ip(const struct conf *conf, const struct ip *ip);
/* SERVER's place in the list of ADDRESS, or CONF_NONE. */
int conf_tier(const struct conf *conf, unsigned address, unsigned server);
/* Index of the check of that NAME, or CONF_NONE. */
int conf_check_by_name(const struct conf *conf, const char *name);
/* "tcp", "http", "command" */
const char *conf_check_kind_name(enum conf_check_kind kind);
/* IP lies in RANGE. */
bool conf_range_has(const struct conf_range *range, const struct ip *ip);
/* IP is one of the routers: its index, or CONF_NONE. */
int conf_router_by_ip(const struct conf *conf, const struct ip *ip);

#endif
