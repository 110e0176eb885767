/* SPDX-License-Identifier: BSD-2-Clause */
/* check_conf.c - the configuration, fed from memory: conf*.c.
 *
 * One good file; each test replaces one line of it. A mistake must be found in its line,
 * say what to write, and bring no others with it. */
#include "vlbd/conf.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vlbd/plan.h"

/* Without lists; [plan] makes them. */
#define SERVERS                                                                          \
	"[server A]\nmac = 02:00:00:00:00:01\n[server B]\nmac = 02:00:00:00:00:02\n"     \
	"[server C]\nmac = 02:00:00:00:00:03\n"

/* Lines are counted from 1, as users do. */
static const char *const good[] = {
	NULL,
	/* 1 */ "[cluster]",
	/* 2 */ "name = web",
	/* 3 */ "interface = eth1",
	/* 4 */ "router = 10.77.255.254, 10.77.255.253",
	/* 5 */ "external = 203.0.113.0/24",
	/* 6 */ "[timing]",
	/* 7 */ "hello = 100ms",
	/* 8 */ "probes = 5",
	/* 9 */ "probe_interval = auto",
	/* 10 */ "answer_timeout = 300ms",
	/* 11 */ "lease = 5s",
	/* 12 */ "failback = 5s",
	/* 13 */ "max_rate = off",
	/* 14 */ "[server A]",
	/* 15 */ "mac = 02:00:00:00:00:01, 02:00:00:00:01:01",
	/* 16 */ "primary = 10.77.0.1, 10.77.0.2",
	/* 17 */ "secondary = 10.77.0.3, 10.77.0.5",
	/* 18 */ "tertiary = 10.77.0.4, 10.77.0.6",
	/* 19 */ "[server B]",
	/* 20 */ "mac = 02:00:00:00:00:02",
	/* 21 */ "primary = 10.77.0.3-4",
	/* 22 */ "secondary = 10.77.0.1, 10.77.0.6",
	/* 23 */ "tertiary = 10.77.0.2, 10.77.0.5",
	/* 24 */ "[server C]",
	/* 25 */ "mac = 02:00:00:00:00:03",
	/* 26 */ "primary = 10.77.0.5-10.77.0.6",
	/* 27 */ "secondary = 10.77.0.2, 10.77.0.4",
	/* 28 */ "tertiary = 10.77.0.1, 10.77.0.3",
	/* 29: behind the end */ "",
};

enum { LINES = sizeof good / sizeof good[0], TEXT = 4096 };

static struct conf *conf;
static struct conf_reader *reader;

static void
begin(void)
{
	conf = malloc(sizeof *conf);
	reader = malloc(conf_reader_size());
	ck_assert(conf != NULL && reader != NULL);
	/* Whatever was in the memory must not matter. */
	memset(conf, 0xa5, sizeof *conf);
	memset(reader, 0xa5, conf_reader_size());
	conf_begin(reader, conf);
}

static void
end(void)
{
	free(reader);
	free(conf);
}

/* One line, as load.c would tell it. */
static void
feed_line(int number, char *text)
{
	if (*text == '\0')
		return;
	if (*text == '[') {
		text[strcspn(text, "]")] = '\0';
		conf_section(reader, number, text + 1);
		return;
	}
	char *value = strchr(text, '=');
	ck_assert_msg(value != NULL, "test's own line: %s", text);
	*value++ = '\0';
	for (char *last = value - 2; last > text && *last == ' '; last--)
		*last = '\0';
	conf_set(reader, number, text, value + strspn(value, " "));
}

/* Lines that end in '\n', the first one being NUMBER. The next number. */
static int
feed(int number, const char *lines)
{
	char text[TEXT];

	for (const char *at = lines; at != NULL; number++) {
		size_t len = strcspn(at, "\n");
		ck_assert_uint_lt(len, sizeof text);
		snprintf(text, sizeof text, "%.*s", (int)len, at);
		feed_line(number, text);
		at = at[len] != '\0' ? at + len + 1 : NULL;
	}
	return number;
}

/* The good file with LINE replaced; 0: none. */
static bool
read_with(int line, const char *replacement)
{
	int number = 1;

	for (int i = 1; i < LINES; i++)
		number = feed(number, i == line ? replacement : good[i]);
	return conf_finish(reader);
}

static const char *
all_mistakes(void)
{
	static char text[CONF_ERRORS * 256];
	unsigned kept;
	unsigned total;
	const struct conf_error *error = conf_errors(reader, &kept, &total);
	size_t used = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < kept; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%d: %s\n",
		    error[i].line, error[i].text);
	return text;
}

/* clang-format off */
static const struct mistake {
	int line;         /* replaced */
	const char *with;
	int at;           /* where the mistake must be found */
	const char *text; /* and a part of what must be said */
	unsigned more;    /* mistakes that follow from it */
} mistakes[] = {
	/* Sections. */
	{ 1, "name = web\n[cluster]", 1, "name stands before any section; write [cluster]", 0 },
	{ 1, "[clutser]", 1, "unknown section [clutser]; did you mean [cluster]?", 0 },
	{ 1, "[Cluster]", 1, "did you mean [cluster]?", 0 },
	{ 1, "[cluster web]", 1, "[cluster] has no name; write [cluster]", 0 },
	{ 6, "[timings]\n[timing]", 6, "unknown section [timings]; did you mean [timing]?", 1 },
	{ 6, "[zebra]\nstripes = 2\n[timing]", 6, "unknown section [zebra]; write [cluster], [timing], [plan], [server NAME], [check NAME], [notify] or [metrics]", 0 },
	{ 6, "[]\n[timing]", 6, "unknown section []", 0 },
	{ 6, "[cluster]\n[timing]", 6, "[cluster] is in line 1 already", 0 },
	{ 29, "[timing]", 29, "[timing] is in line 6 already", 0 },
	{ 19, "[servr B]", 19, "unknown section [servr B]; did you mean [server B]?", 0 },
	{ 19, "[server A]", 19, "server A is in line 14 already", 0 },
	{ 19, "[server]", 19, "a server without a name; write [server NAME]", 0 },
	{ 19, "[server B B]", 19, "\"B B\" is not a server's name; write at most 63 letters, digits", 0 },
	{ 19, "[server B/2]", 19, "\"B/2\" is not a server's name", 0 },
	{ 19, "[server B\033[1m]", 19, "\"B?[1m\" is not a server's name", 0 },
	{ 19, "[server b123456789b123456789b123456789b123456789b123456789b123456789b123]", 19, "is not a server's name; write at most 63", 0 },
	{ 29, "[server D]", 29, "server D has no mac; write mac = ", 0 },
	/* Keys. */
	{ 3, "interfac = eth1", 3, "unknown key interfac; did you mean interface?", 0 },
	{ 3, "Interface = eth1", 3, "unknown key Interface; did you mean interface?", 0 },
	{ 3, "zebra = eth1", 3, "unknown key zebra in [cluster]; write name, interface, router or external", 0 },
	{ 7, "helo = 100ms", 7, "unknown key helo; did you mean hello?", 0 },
	{ 7, "heartbeat = 1s", 7, "unknown key heartbeat in [timing]; write hello, probes, ", 0 },
	{ 3, "hello = 100ms", 3, "hello does not belong in [cluster]; move it to [timing]", 0 },
	{ 7, "tier4 = 10.77.0.1", 7, "tier4 does not belong in [timing]; move it to [server NAME]", 0 },
	{ 15, "mca = 02:00:00:00:00:01", 15, "unknown key mca; did you mean mac?", 0 },
	{ 18, "teir3 = 10.77.0.4, 10.77.0.6", 18, "unknown key teir3; did you mean tier3?", 0 },
	{ 18, "tierN = 10.77.0.4", 18, "tierN is no tier; write tier1 to tier64", 0 },
	{ 18, "tier0 = 10.77.0.4", 18, "tier0 is no tier; write tier1 to tier64", 0 },
	{ 18, "tier65 = 10.77.0.4", 18, "tier65 is no tier; write tier1 to tier64", 0 },
	{ 18, "tier03 = 10.77.0.4", 18, "tier03 is no tier; write tier1 to tier64", 0 },
	{ 18, "tertary = 10.77.0.4, 10.77.0.6", 18, "did you mean tertiary?", 0 },
	{ 29, "backup = 10.77.0.1", 29, "unknown key backup in [server]; write mac, weight, rack, primary", 0 },
	{ 29, "a123456789a123456789a123456789a123456789a123456789a123456789a123456789 = 1", 29, "unknown key a12", 0 },
	{ 3, "interface = eth1\ninterface = eth1", 4, "interface: given already, in line 3; remove one", 0 },
	{ 7, "hello = 100ms\nhello = 100ms", 8, "hello: given already, in line 7", 0 },
	{ 2, "name =", 2, "name: the value is missing; write one", 0 },
	{ 16, "primary =", 16, "primary: the value is missing", 1 },
	{ 15, "mac =", 15, "mac: the value is missing", 0 },
	/* [cluster]. */
	{ 2, "name = a b", 2, "name: \"a b\" is not a name; write at most 63 letters", 0 },
	{ 3, "interface = averylonginterface", 3, "interface: \"averylonginterface\" is no interface's name", 0 },
	{ 3, "interface = eth1, eth2", 3, "write one interface, such as eth1", 0 },
	{ 3, "interface = ../x", 3, "no interface's name", 0 },
	{ 4, "router = 10.77.255.256", 4, "router: \"10.77.255.256\" is not an IPv4 address; write one such as", 0 },
	{ 4, "router = 10.77.255.1-3", 4, "\"10.77.255.1-3\" is not an IPv4 address", 0 },
	{ 4, "router = fe80::1", 4, "\"fe80::1\" is not an IPv4 address", 0 },
	{ 4, "router = 10.77.255.254, 10.77.255.254", 4, "10.77.255.254 is listed already, in line 4", 0 },
	{ 4, "router = 0.0.0.0", 4, "0.0.0.0 is no host's address", 0 },
	{ 4, "router = 255.255.255.255", 4, "is no host's address", 0 },
	{ 4, "router = 203.0.113.1", 4, "router 203.0.113.1 lies in external 203.0.113.0/24 (line 5)", 0 },
	{ 4, "router = 10.77.0.3", 21, "10.77.0.3 is a router (line 4); write another failover address", 0 },
	{ 4, "router = 10.1.0.1,10.1.0.2,10.1.0.3,10.1.0.4,10.1.0.5,10.1.0.6,10.1.0.7,10.1.0.8,10.1.0.9", 4, "router: more than 8 routers; remove some", 0 },
	{ 5, "external = 203.0.113.0", 5, "external: \"203.0.113.0\" has no length; write 203.0.113.0/32", 0 },
	{ 5, "external = 203.0.113.9/24", 5, "has bits set beyond its length; write 203.0.113.0/24", 0 },
	{ 5, "external = 203.0.113.0/33", 5, "has no good length; write /8 to /32", 0 },
	{ 5, "external = 0.0.0.0/0", 5, "has no good length", 0 },
	{ 5, "external = 203.0.113.0/", 5, "has no good length", 0 },
	{ 5, "external = 203.0.113.0/2x", 5, "has no good length", 0 },
	{ 5, "external = 224.0.0.0/8", 5, "is no range of hosts", 0 },
	{ 5, "external = web/24", 5, "\"web/24\" is not a range", 0 },
	{ 5, "external = 10.77.0.0/30", 16, "10.77.0.1 (and 2 more) lies in external 10.77.0.0/30 (line 5)", 0 },
	{ 5, "external = 203.0.113.0/24, 203.0.113.0/24", 5, "203.0.113.0/24 is listed already, in line 5", 0 },
	/* [timing]. */
	{ 7, "hello = 10", 7, "hello: \"10\" has no unit; write 10ms or 10s", 0 },
	{ 7, "hello = 100", 7, "hello: \"100\" has no unit; write 100ms", 0 },
	{ 7, "hello = 100000", 7, "\"100000\" has no unit; write 1ms to 60s, or off", 0 },
	{ 7, "hello = 100 ms s", 7, "the unknown unit \"ms s\"; write us, ms, s, min or h", 0 },
	{ 7, "hello = 100MS", 7, "the unknown unit \"MS\"", 0 },
	{ 7, "hello = fast", 7, "\"fast\" is not a duration; write 1ms to 60s, or off", 0 },
	{ 7, "hello = auto", 7, "\"auto\" is not a duration; write 1ms to 60s, or off", 0 },
	{ 7, "hello = -1s", 7, "is not a duration", 0 },
	{ 7, "hello = .5s", 7, "is not a duration", 0 },
	{ 7, "hello = 1.s", 7, "is not a duration", 0 },
	{ 7, "hello = 1.1234567s", 7, "is not a duration", 0 },
	{ 7, "hello = 1234567890us", 7, "is not a duration", 0 },
	{ 7, "hello = 999999999h", 7, "is out of bounds; write 1ms to 60s, or off", 0 },
	{ 7, "hello = 999us", 7, "is out of bounds; write 1ms to 60s, or off", 0 },
	{ 7, "hello = 60.001s", 7, "is out of bounds", 0 },
	{ 8, "probes = 0", 8, "probes: \"0\" is out of bounds; write a number from 1 to 20", 0 },
	{ 8, "probes = 21", 8, "write a number from 1 to 20", 0 },
	{ 8, "probes = 5x", 8, "write a number from 1 to 20", 0 },
	{ 8, "probes = 4294967297", 8, "write a number from 1 to 20", 0 },
	{ 9, "probe_interval = off", 9, "write 100us to 10s, or auto", 0 },
	{ 9, "probe_interval = 99us", 9, "write 100us to 10s, or auto", 0 },
	{ 9, "probe_interval = 3s", 9, "probes x probe_interval is 15000ms, longer than 10000ms; write fewer probes", 0 },
	{ 10, "answer_timeout = 0s", 10, "answer_timeout: \"0s\" is out of bounds; write 1ms to 60s", 0 },
	{ 11, "lease = 1500ms", 11, "lease: \"1500ms\" is not whole seconds; write 1s or 2s", 0 },
	{ 11, "lease = 5", 11, "lease: \"5\" has no unit; write 5s", 0 },
	{ 11, "lease = 0s", 11, "write whole seconds from 1s to 1h, or off", 0 },
	{ 7, "hello = 2s", 11, "a lease of 5s is shorter than three hellos; write lease = 6s or more", 0 },
	{ 12, "failback = 0", 12, "failback: \"0\" has no unit; write 0s", 0 },
	/* In nanoseconds 2^64 and some minutes. */
	{ 12, "failback = 5124096h", 12, "write 0s to 24h, or manual", 0 },
	{ 12, "failback = 25h", 12, "write 0s to 24h, or manual", 0 },
	{ 13, "[metrics]\ntextfile = vlbd.prom", 14, "textfile: \"vlbd.prom\" is not an absolute path of at most 255 bytes", 0 },
	{ 13, "[metrics]\ntextfile = /run/vlbd.txt", 14, "textfile: node_exporter reads only files whose names end in .prom", 0 },
	{ 13, "[metrics]\ntextfile = /run/.prom", 14, "textfile: node_exporter reads only files whose names end in .prom", 0 },
	{ 13, "[metrics]\ninterval = 500ms", 14, "interval: \"500ms\" is out of bounds; write 1s to 1h", 0 },
	{ 13, "[metrics]\ntextfil = /run/vlbd.prom", 14, "unknown key textfil; did you mean textfile?", 0 },
	{ 13, "max_rate = 0", 13, "max_rate: 0 would let self send nothing; write off", 0 },
	{ 13, "max_rate = 1000001", 13, "max_rate: \"1000001\" is out of bounds; write a number from 1 to 1000000", 0 },
	/* Hardware addresses. */
	{ 20, "mac = 02:00:00:00:00:0", 20, "mac: \"02:00:00:00:00:0\" is not a hardware address; write six pairs such as", 0 },
	{ 20, "mac = 02:00:00:00:00:02 02:00:00:00:00:04", 20, "with commas between addresses", 0 },
	{ 20, "mac = 00:00:00:00:00:00", 20, "is zero, which no host has", 0 },
	{ 20, "mac = ff:ff:ff:ff:ff:ff", 20, "is the broadcast address", 0 },
	{ 20, "mac = 01:00:5e:00:00:01", 20, "is a multicast address", 0 },
	{ 20, "mac = 02:00:00:00:01:01", 20, "belongs to server A already, in line 15", 0 },
	{ 20, "mac = 02:00:00:00:00:02\nmac = 02:00:00:00:00:02", 21, "belongs to server B already, in line 20", 0 },
	{ 20, "mac = FILL-IN", 20, "mac: the mac of server B is still the placeholder of vlbplan; write the hardware address of its interface", 0 },
	{ 20, "", 19, "server B has no mac; write mac = ", 0 },
	/* Lists. */
	{ 16, "primary = 10.77.0.1, 10.77.0.2,", 16, "the list ends in a comma; remove it", 0 },
	{ 16, "primary = , 10.77.0.1, 10.77.0.2", 16, "nothing stands before a comma; remove the comma", 0 },
	{ 16, "primary = 10.77.0.1,, 10.77.0.2", 16, "nothing stands before a comma", 0 },
	{ 16, "primary = 10.77.0.1-2, 10.77.0.7/30", 16, "\"10.77.0.7/30\" is not an IPv4 address; write one such as 10.77.0.7 or a range such as 10.77.0.1-5", 0 },
	{ 16, "primary = 10.77.0.1-2, 10.77.0.7 10.77.0.8", 16, "with commas between addresses", 0 },
	{ 16, "primary = 10.77.0.1-2, 10.77.0.8-7", 16, "the range \"10.77.0.8-7\" runs backwards; write 10.77.0.7-10.77.0.8", 0 },
	{ 16, "primary = 10.77.0.1-2, 10.77.1.5-10.77.0.250", 16, "runs backwards; write 10.77.0.250-10.77.1.5", 0 },
	{ 16, "primary = 10.77.0.1-2, 10.77.0.250-261", 16, "does not end in 0 to 255; write both addresses in full", 0 },
	{ 16, "primary = 10.77.0.1-2, 10.77.0.7-08", 16, "does not end in 0 to 255", 0 },
	{ 16, "primary = 10.77.0.1-2, 10.77.0.7-", 16, "has only one end; write it as 10.77.0.1-5", 0 },
	{ 16, "primary = 10.77.0.1-2, -7", 16, "has only one end", 0 },
	{ 16, "primary = 10.77.0.1-2, 10.77.0.7-8-9", 16, "\"8-9\" is not an IPv4 address", 0 },
	{ 16, "primary = 10.77.0.1-2, 10.78.0.0-10.78.16.0", 16, "has 4097 addresses; write at most 4096", 0 },
	{ 16, "primary = 10.77.0.1-2, 1.0.0.0-223.255.255.255", 16, "addresses; write at most 4096", 0 },
	{ 16, "primary = 10.77.0.1-2, 10.78.0.0-10.78.15.255", 16, "primary: more than 4096 failover addresses in the file", 0 },
	{ 16, "primary = 10.77.0.1-2, 223.255.255.255-224.0.0.1", 16, "224.0.0.1 is no host's address", 0 },
	{ 16, "primary = 10.77.0.1-2, 127.0.0.1", 16, "is no host's address", 0 },
	{ 16, "primary = 10.77.0.1-2, 10.77.0.1", 16, "10.77.0.1 is in this list already, in line 16; remove one", 0 },
	{ 16, "primary = 10.77.0.1-2\nprimary = 10.77.0.1-2", 17, "10.77.0.1 (and 1 more) is in this list already, in line 16", 0 },
	{ 16, "primary = 10.77.0.1-2\ntier1 = 10.77.0.1", 17, "tier1: 10.77.0.1 is in this list already, in line 16", 0 },
	{ 16, "primary = 10.77.0.1-2, 10.77.0.7 and then a text that is much longer than an item can be", 16, "too long for an address", 0 },
	/* Who is where. */
	{ 21, "primary = 10.77.0.1-4", 21, "primary: 10.77.0.1 (and 1 more) has the primary A already, in line 16; leave it to one server", 0 },
	{ 22, "secondary = 10.77.0.1, 10.77.0.6, 10.77.0.5", 22, "10.77.0.5 has the secondary A already, in line 17", 0 },
	{ 22, "secondary = 10.77.0.1, 10.77.0.6, 10.77.0.3", 22, "10.77.0.3 has the secondary A already, in line 17", 0 },
	{ 29, "tier4 = 10.77.0.5", 29, "10.77.0.5 has C as its primary already, in line 26; a server stands in an address's list once", 0 },
	{ 22, "secondary = 10.77.0.1", 18, "10.77.0.6 has the tertiary A but no secondary; write it in one server's secondary list", 0 },
	{ 29, "[server D]\nmac = 02:00:00:00:00:04\ntier6 = 10.77.0.1", 31, "10.77.0.1 has the tier6 D but no tier4; write it in one server's tier4 list", 1 },
	{ 29, "[server D]\nmac = 02:00:00:00:00:04\nsecondary = 10.77.0.40-49", 31, "10.77.0.40 (and 9 more) has the secondary D but no primary", 0 },
	/* Weight and rack. */
	{ 20, "mac = 02:00:00:00:00:02\nweight = -1", 21, "weight: \"-1\" is out of bounds; write a number from 0 to 1000", 0 },
	{ 20, "mac = 02:00:00:00:00:02\nweight = 1001", 21, "weight: \"1001\" is out of bounds; write a number from 0 to 1000", 0 },
	{ 20, "mac = 02:00:00:00:00:02\nweight = 1.5", 21, "weight: \"1.5\" is out of bounds", 0 },
	{ 20, "mac = 02:00:00:00:00:02\nweight = 2\nweight = 2", 22, "weight: given already, in line 21; remove one of them", 0 },
	{ 20, "mac = 02:00:00:00:00:02\nrack = r 1", 21, "rack: \"r 1\" is not a name; write at most 63 letters", 0 },
	{ 20, "mac = 02:00:00:00:00:02\nrack = r1\nrack = r2", 22, "rack: given already, in line 21; remove one of them", 0 },
	{ 20, "mac = 02:00:00:00:00:02\nweihgt = 2", 21, "unknown key weihgt; did you mean weight?", 0 },
	{ 13, "weight = 2", 13, "weight does not belong in [timing]; move it to [server NAME]", 0 },
	/* Checks and notifications. */
	{ 13, "max_moves = 1", 13, "max_moves: \"1\" is out of bounds; write a number from 2 to 8", 0 },
	{ 13, "max_moves = 9", 13, "write a number from 2 to 8", 0 },
	{ 29, "[check]", 29, "\"\" is not a check's name; write [check NAME]", 2 },
	{ 29, "[chekc web]\ntype = tcp\ntarget = 127.0.0.1:80", 29, "unknown section [chekc web]; did you mean [check web]?", 0 },
	{ 29, "[check web]\ntype = tcp\ntarget = 127.0.0.1:80\n[check web]\ntype = tcp\ntarget = 127.0.0.1:80", 32, "check web is in line 29 already; give this one another name", 0 },
	{ 29, "[check web]\ntarget = 127.0.0.1:80", 29, "check web has no type; write type = tcp, http or command", 0 },
	{ 29, "[check web]\ntype = tcp", 29, "check web has no target; write target = ", 0 },
	{ 29, "[check web]\ntype = tpc\ntarget = 127.0.0.1:80", 30, "unknown type \"tpc\"; did you mean tcp?", 0 },
	{ 29, "[check web]\ntype = ping\ntarget = 127.0.0.1:80", 30, "unknown type \"ping\"; write tcp, http or command", 0 },
	{ 29, "[check web]\ntpye = tcp\ntarget = 127.0.0.1:80", 30, "unknown key tpye; did you mean type?", 0 },
	{ 29, "[check web]\ntype = tcp\ntarget = 127.0.0.1", 31, "\"127.0.0.1\" is no target; write ADDRESS:PORT", 0 },
	{ 29, "[check web]\ntype = tcp\ntarget = 127.0.0.1:", 31, "\"127.0.0.1:\" is no target; write ADDRESS:PORT", 0 },
	{ 29, "[check web]\ntype = tcp\ntarget = 127.0.0.1:0", 31, "\"127.0.0.1:0\" is no target; write ADDRESS:PORT", 0 },
	{ 29, "[check web]\ntype = tcp\ntarget = 127.0.0.1:65536", 31, "\"127.0.0.1:65536\" is no target; write ADDRESS:PORT", 0 },
	{ 29, "[check web]\ntype = tcp\ntarget = localhost:80", 31, "\"localhost:80\" is no target; write ADDRESS:PORT", 0 },
	{ 29, "[check web]\ntype = tcp\ntarget = 127.0.0.1:80a", 31, "\"127.0.0.1:80a\" is no target; write ADDRESS:PORT", 0 },
	{ 29, "[check web]\ntype = tcp\ntarget = 0.0.0.0:80", 31, "\"0.0.0.0:80\" is no target; write ADDRESS:PORT", 0 },
	{ 29, "[check web]\ntype = tcp\ntarget = 224.0.0.1:80", 31, "\"224.0.0.1:80\" is no target; write ADDRESS:PORT", 0 },
	{ 29, "[check web]\ntype = tcp\ntarget = :80", 31, "\":80\" is no target; write ADDRESS:PORT", 0 },
	{ 29, "[check web]\ntype = tcp\ntarget = 127.0.0.1:000080", 31, "\"127.0.0.1:000080\" is no target; write ADDRESS:PORT", 0 },
	{ 29, "[check web]\ntype = http\ntarget = 127.0.0.1:80", 31, "is no target; write http://ADDRESS[:PORT]/PATH", 0 },
	{ 29, "[check web]\ntype = http\ntarget = http://localhost/", 31, "is no target; write http://ADDRESS[:PORT]/PATH", 0 },
	{ 29, "[check web]\ntype = http\ntarget = http://127.0.0.1:99999/", 31, "is no target; write http://ADDRESS[:PORT]/PATH", 0 },
	{ 29, "[check web]\ntype = http\ntarget = http:///x", 31, "is no target; write http://ADDRESS[:PORT]/PATH", 0 },
	{ 29, "[check web]\ntype = http\ntarget = http://127.0.0.1/a b", 31, "is no target; write http://ADDRESS[:PORT]/PATH", 0 },
	{ 29, "[check web]\ntype = http\ntarget = HTTP://127.0.0.1/", 31, "is no target; write http://ADDRESS[:PORT]/PATH", 0 },
	{ 29, "[check web]\ntype = http\ntarget = https://127.0.0.1/", 31, "https is not spoken; write an http:// target, or type = tcp", 0 },
	{ 29, "[check web]\ntype = command\ntarget = check -x", 31, "\"check -x\" is no absolute path; write one such as /usr/local/bin/check", 0 },
	{ 29, "[check web]\ntype = command\ntarget = /bin/check 'a b", 31, "a quote ' has no end; write another one", 0 },
	{ 29, "[check web]\ntype = tcp\ntarget = 127.0.0.1:80\ninterval = 10ms", 32, "interval: \"10ms\" is out of bounds; write 100ms to 1h", 0 },
	{ 29, "[check web]\ntype = tcp\ntarget = 127.0.0.1:80\ninterval = 1", 32, "interval: \"1\" has no unit", 0 },
	{ 29, "[check web]\ntype = tcp\ntarget = 127.0.0.1:80\ntimeout = 0s", 32, "write 10ms to 1h", 0 },
	{ 29, "[check web]\ntype = tcp\ntarget = 127.0.0.1:80\nrise = 0", 32, "rise: \"0\" is out of bounds; write a number from 1 to 100", 0 },
	{ 29, "[check web]\ntype = tcp\ntarget = 127.0.0.1:80\nfall = 101", 32, "fall: \"101\" is out of bounds", 0 },
	{ 29, "[check web]\ntype = tcp\ntarget = 127.0.0.1:80\nfall = 2\nfall = 3", 33, "fall: given already, in line 32; remove one of them", 0 },
	{ 29, "[check web]\ntype = tcp\ntarget = 127.0.0.1:80\nexpect = 200", 32, "expect: a check of type tcp has none; remove the line", 0 },
	{ 29, "[check web]\ntype = tcp\ntarget = 127.0.0.1:80\nhost = www", 32, "host: a check of type tcp has none", 0 },
	{ 29, "[check web]\ntype = tcp\ntarget = 127.0.0.1:80\nuser = nobody", 32, "user: a check of type tcp has none", 0 },
	{ 29, "[check web]\ntype = tcp\ntarget = 127.0.0.1:80\nprimary = 10.77.0.1", 32, "primary does not belong in [check]; move it to [server NAME]", 0 },
	{ 29, "[check web]\ntype = tcp\ntarget = 127.0.0.1:80\nprobes = 3", 32, "probes does not belong in [check]; move it to [timing]", 0 },
	{ 29, "[check web]\ntype = http\ntarget = http://127.0.0.1/\nexpect = 2xx", 32, "\"2xx\" is no list of statuses; write such as 200 or 200-299, 301", 0 },
	{ 29, "[check web]\ntype = http\ntarget = http://127.0.0.1/\nexpect = 99", 32, "\"99\" is no list of statuses; write such as 200 or 200-299, 301", 0 },
	{ 29, "[check web]\ntype = http\ntarget = http://127.0.0.1/\nexpect = 600", 32, "\"600\" is no list of statuses; write such as 200 or 200-299, 301", 0 },
	{ 29, "[check web]\ntype = http\ntarget = http://127.0.0.1/\nexpect = 299-200", 32, "\"299-200\" is no list of statuses; write such as 200 or 200-299, 301", 0 },
	{ 29, "[check web]\ntype = http\ntarget = http://127.0.0.1/\nexpect = 200,", 32, "\"200,\" is no list of statuses; write such as 200 or 200-299, 301", 0 },
	{ 29, "[check web]\ntype = http\ntarget = http://127.0.0.1/\nexpect = 20", 32, "\"20\" is no list of statuses; write such as 200 or 200-299, 301", 0 },
	{ 29, "[check web]\ntype = http\ntarget = http://127.0.0.1/\nexpect = 200-", 32, "\"200-\" is no list of statuses; write such as 200 or 200-299, 301", 0 },
	{ 29, "[check web]\ntype = http\ntarget = http://127.0.0.1/\nexpect = 200 201", 32, "\"200 201\" is no list of statuses; write such as 200 or 200-299, 301", 0 },
	{ 29, "[check web]\ntype = http\ntarget = http://127.0.0.1/\nexpect = 200,201,202,203,204,205,206,207,208", 32, "more than 8 statuses and ranges; write fewer", 0 },
	{ 29, "[check web]\ntype = http\ntarget = http://127.0.0.1/\nhost = a b", 32, "\"a b\" is no host's name", 0 },
	{ 29, "[check web]\ntype = command\ntarget = /bin/true\nuser = no body", 32, "\"no body\" is no user's name", 0 },
	{ 29, "[notify]", 29, "[notify] has no command; write command = and an absolute path", 0 },
	{ 29, "[notify]\ncommand = true", 30, "\"true\" is no absolute path", 0 },
	{ 29, "[notify]\ncommand = /bin/true\ntimeout = 1", 31, "timeout: \"1\" has no unit", 0 },
	{ 29, "[notify]\ncomand = /bin/true", 30, "unknown key comand; did you mean command?", 1 },
	{ 29, "[notify me]\ncommand = /bin/true", 29, "[notify] has no name; write [notify]", 0 },
	{ 29, "type = tcp", 29, "type does not belong in [server]; move it to [check NAME]", 0 },
	/* What follows from a slip is told once, with the slip's line. */
	{ 21, "primray = 10.77.0.3, 10.77.0.4", 21, "did you mean primary?", 1 },
	{ 21, "primary = 10.77.0.3, 10.77.O.4", 21, "\"10.77.O.4\" is not", 1 },
};

static const struct {
	int line;
	const char *with;
} variants[] = {
	{ 0, "" },
	{ 1, "[ cluster ]" },
	{ 2, "" }, { 3, "" }, { 4, "" }, { 5, "" },
	{ 6, "[timing]\n" },
	{ 7, "hello = off" }, { 7, "hello = 1ms" }, { 7, "hello = 1.5s" }, { 7, "hello = 100 ms" },
	{ 7, "hello = 0.02m" }, { 7, "hello = 0.02min" }, { 7, "hello = 1000us" }, { 7, "hello = 0.0004h" },
	{ 8, "probes = 1" }, { 8, "probes = 20" },
	{ 9, "probe_interval = 100us" }, { 9, "probe_interval = 2s" }, { 9, "" },
	{ 11, "lease = off" }, { 11, "lease = 1h" }, { 11, "lease = 1000ms" }, { 11, "lease = 1s" },
	{ 12, "failback = 0s" }, { 12, "failback = 0ms" }, { 12, "failback = manual" },
	{ 13, "max_rate = 1" }, { 13, "max_rate = 1000000" },
	{ 14, "[server   A]" }, { 14, "[server www-1.example.org_x]" },
	{ 14, "[server a123456789a123456789a123456789a123456789a123456789a123456789a12]" },
	{ 15, "mac = 02:00:00:00:00:01\nmac = 02:00:00:00:01:01" },
	{ 16, "primary = 10.77.0.1\nprimary=10.77.0.2" },
	{ 16, "tier1 = 10.77.0.1\nprimary=10.77.0.2" },
	{ 16, "primary = 10.77.0.1 - 2" }, { 16, "primary = 10.77.0.1 - 10.77.0.2" },
	{ 16, "primary = 10.77.0.1-2,10.77.0.7-7" },
	{ 16, "primary =   10.77.0.1 ,\t10.77.0.2" },
	{ 18, "tier3 = 10.77.0.4, 10.77.0.6" },
	{ 29, "[server D]\nmac = 02:00:00:00:00:04" },
	{ 29, "[server D]\nmac = 02:00:00:00:00:04\ntier4 = 10.77.0.1-6" },
};
/* clang-format on */

START_TEST(a_mistake_is_told)
{
	const struct mistake *mistake = &mistakes[_i];
	unsigned kept;
	unsigned total;
	bool told = false;

	ck_assert_msg(
	    !read_with(mistake->line, mistake->with), "taken: %s", mistake->with);
	const struct conf_error *error = conf_errors(reader, &kept, &total);
	for (unsigned i = 0; i < kept; i++)
		if (error[i].line == mistake->at &&
		    strstr(error[i].text, mistake->text) != NULL)
			told = true;
	ck_assert_msg(told, "%s\nwanted %d: %s\ngot %s", mistake->with, mistake->at,
	    mistake->text, all_mistakes());
	ck_assert_msg(total == 1 + mistake->more, "%s\nwanted %u\ngot %s", mistake->with,
	    1 + mistake->more, all_mistakes());
	for (unsigned i = 0; i < kept; i++)
		ck_assert_msg(
		    strpbrk(error[i].text, ";?") != NULL, "no advice: %s", error[i].text);
}
END_TEST

START_TEST(a_variant_is_taken)
{
	ck_assert_msg(read_with(variants[_i].line, variants[_i].with), "%s\n%s",
	    variants[_i].with, all_mistakes());
}
END_TEST

START_TEST(the_good_file_says_this)
{
	struct ip ip = ip_v4(0x0a4d0006);
	struct mac mac = { { 2, 0, 0, 0, 1, 1 } };

	ck_assert_msg(read_with(0, ""), "%s", all_mistakes());
	ck_assert_str_eq(conf->name, "web");
	ck_assert_str_eq(conf->interface, "eth1");
	ck_assert_uint_eq(conf->routers, 2);
	ck_assert_uint_eq(conf->externals, 1);
	ck_assert_uint_eq(conf->external[0].prefix, 24);
	ck_assert_uint_eq(conf->servers, 3);
	ck_assert_uint_eq(conf->addresses, 6);
	ck_assert_str_eq(conf->server[1].name, "B");
	ck_assert_int_eq(conf->server[1].line, 19);

	ck_assert_int_eq(conf_server_by_name(conf, "C"), 2);
	ck_assert_int_eq(conf_server_by_name(conf, "D"), CONF_NONE);
	ck_assert_int_eq(conf_server_by_mac(conf, &mac), 0);
	mac.byte[5] = 9;
	ck_assert_int_eq(conf_server_by_mac(conf, &mac), CONF_NONE);
	ck_assert_int_eq(conf_router_by_ip(conf, &conf->router[1]), 1);
	ck_assert_int_eq(conf_router_by_ip(conf, &ip), CONF_NONE);

	/* 10.77.0.6: C, B, A. */
	int address = conf_address_by_ip(conf, &ip);
	ck_assert_int_eq(address, 5);
	ck_assert_uint_eq(conf->address[address].tiers, 3);
	ck_assert_uint_eq(conf->address[address].server[0], 2);
	ck_assert_uint_eq(conf->address[address].server[1], 1);
	ck_assert_uint_eq(conf->address[address].server[2], 0);
	ck_assert_int_eq(conf_tier(conf, (unsigned)address, 0), 2);
	ck_assert_int_eq(conf_tier(conf, (unsigned)address, 3), CONF_NONE);
}
END_TEST

START_TEST(weight_and_rack_are_each_servers_own)
{
	feed(1, "[server A]\nmac = 02:00:00:00:00:01\nprimary = 10.77.0.1\nweight = "
		"2\nrack = r1\n"
		"[server B]\nmac = 02:00:00:00:00:02\nsecondary = 10.77.0.1\nrack = "
		"r-2\nweight = 0\n"
		"[server C]\nmac = 02:00:00:00:00:03");
	ck_assert_msg(conf_finish(reader), "%s", all_mistakes());
	ck_assert_uint_eq(conf->server[0].weight, 2);
	ck_assert_str_eq(conf->server[0].rack, "r1");
	ck_assert_uint_eq(conf->server[1].weight, 0);
	ck_assert_str_eq(conf->server[1].rack, "r-2");
	ck_assert_uint_eq(conf->server[2].weight, 1);
	ck_assert_str_eq(conf->server[2].rack, "");
}
END_TEST

START_TEST(checks_are_read)
{
	feed(1, "[server A]\nmac = 02:00:00:00:00:01\nprimary = 10.77.0.1\n"
		"[check web]\ntype = http\ntarget = http://127.0.0.1:8080/a?b#c\n"
		"expect = 200, 301-302\nhost = www.example.org\ninterval = 500ms\n"
		"timeout = 2s\nrise = 1\nfall = 5\n"
		"[check port]\ntarget = 10.0.0.9:25\ntype = tcp\n"
		"[check app]\ntype = command\n"
		"target = /bin/check  -x 'a b' \"\" c'd e'f\nuser = app\n"
		"[check root]\ntype = http\ntarget = http://127.0.0.1\n"
		"[notify]\ncommand = /bin/tell me\ntimeout = 3s\nuser = root\n"
		"[timing]\nmax_moves = off");
	ck_assert_msg(conf_finish(reader), "%s", all_mistakes());
	ck_assert_uint_eq(conf->checks, 4);
	const struct conf_check *web = &conf->check[0];
	ck_assert_str_eq(web->name, "web");
	ck_assert_int_eq(web->kind, CHECK_HTTP);
	ck_assert_uint_eq(ip_v4_value(&web->ip), 0x7f000001);
	ck_assert_uint_eq(web->port, 8080);
	ck_assert_str_eq(web->path, "/a?b");
	ck_assert_str_eq(web->host, "www.example.org");
	ck_assert_uint_eq(web->expects, 2);
	ck_assert_uint_eq(web->expect[0].low, 200);
	ck_assert_uint_eq(web->expect[0].high, 200);
	ck_assert_uint_eq(web->expect[1].low, 301);
	ck_assert_uint_eq(web->expect[1].high, 302);
	ck_assert_uint_eq(web->interval_ns, 500 * MS_NS);
	ck_assert_uint_eq(web->timeout_ns, 2 * SEC_NS);
	ck_assert_uint_eq(web->rise, 1);
	ck_assert_uint_eq(web->fall, 5);
	const struct conf_check *port = &conf->check[1];
	ck_assert_int_eq(port->kind, CHECK_TCP);
	ck_assert_uint_eq(port->port, 25);
	ck_assert_uint_eq(port->interval_ns, SEC_NS);
	ck_assert_uint_eq(port->timeout_ns, SEC_NS);
	ck_assert_uint_eq(port->rise, 2);
	ck_assert_uint_eq(port->fall, 3);
	const struct conf_check *app = &conf->check[2];
	ck_assert_uint_eq(app->command.arguments, 5);
	ck_assert_mem_eq(app->command.text, "/bin/check\0-x\0a b\0\0cd ef", 25);
	ck_assert_str_eq(app->command.user, "app");
	ck_assert_uint_eq(app->command.timeout_ns, SEC_NS);
	const struct conf_check *root = &conf->check[3];
	ck_assert_str_eq(root->path, "/");
	ck_assert_str_eq(root->host, "127.0.0.1");
	ck_assert_uint_eq(root->port, 80);
	ck_assert_uint_eq(root->expects, 1);
	ck_assert_uint_eq(root->expect[0].low, 200);
	ck_assert_uint_eq(root->expect[0].high, 399);
	ck_assert_str_eq(root->command.user, "nobody");
	ck_assert_uint_eq(conf->notify.arguments, 2);
	ck_assert_mem_eq(conf->notify.text, "/bin/tell\0me", 13);
	ck_assert_str_eq(conf->notify.user, "root");
	ck_assert_uint_eq(conf->notify.timeout_ns, 3 * SEC_NS);
	ck_assert_uint_eq(conf->timing.max_moves, 0);
}
END_TEST

START_TEST(seventeen_checks_are_too_many)
{
	char text[64];
	int line = feed(1, "[server A]\nmac = 02:00:00:00:00:01\nprimary = 10.77.0.1");

	for (int i = 0; i < CONF_CHECKS + 2; i++) {
		snprintf(text, sizeof text,
		    "[check c%d]\ntype = tcp\ntarget = 10.0.0.1:%d", i, i + 1);
		line = feed(line, text);
	}
	ck_assert(!conf_finish(reader));
	ck_assert_str_eq(all_mistakes(),
	    "52: more than 16 checks; have one command check several things\n");
	ck_assert_uint_eq(conf->checks, CONF_CHECKS);
}
END_TEST

START_TEST(a_draft_may_have_placeholders)
{
	conf_allow_placeholders(reader);
	feed(1, "[server A]\nmac = FILL-IN\nprimary = 10.77.0.1\n"
		"[server B]\nmac = FILL-IN\nmac = 02:00:00:00:00:02\n"
		"secondary = 10.77.0.1");
	ck_assert_msg(conf_finish(reader), "%s", all_mistakes());
	ck_assert_uint_eq(conf->server[0].macs, 0);
	ck_assert_uint_eq(conf->server[1].macs, 1);
}
END_TEST

static const struct {
	const char *text;
	int at;
	const char *says;
} bad_plans[] = {
	{ SERVERS "[plan]", 7, "[plan] has no addresses; write addresses = " },
	{ SERVERS "[plan]\naddresses = 10.77.0.1-2", 8,
	    "2 addresses for 3 servers; write one for each server at least" },
	{ SERVERS "[plan]\naddresses = 10.77.0.1-9\ntiers = 4", 9,
	    "4 tiers need as many servers, and there are 3; write 3, or all" },
	{ SERVERS "[plan]\naddresses = 10.77.0.1-9\ntiers = 1", 9,
	    "tiers: \"1\" is out of bounds; write a number from 2 to 64" },
	{ SERVERS "[plan]\naddresses = 10.77.0.1-9\ntiers = some", 9,
	    "tiers: \"some\" is out of bounds; write" },
	{ SERVERS "[plan]\naddresses = 10.77.0.1-9\ntiers = 2\ntiers = 2", 10,
	    "tiers: given already, in line 9; remove one of them" },
	{ SERVERS "[plan]\naddresses = 10.77.0.1-9, 10.77.0.4-6", 8,
	    "addresses: 10.77.0.4 (and 2 more) is in this list already, in line 8; "
	    "remove" },
	{ SERVERS "[plan]\naddresses = 10.77.0.1-9\naddresses = 10.77.0.9", 9,
	    "addresses: 10.77.0.9 is in this list already, in line 8; remove one" },
	{ SERVERS "[plan]\naddresses = 10.77.0.1-9, 10.77.0.", 8,
	    "addresses: \"10.77.0.\" is not an IPv4 address; write" },
	{ SERVERS "[plan]\nadresses = 10.77.0.1-9", 8, "did you mean addresses?" },
	{ SERVERS "[paln]\naddresses = 10.77.0.1-9", 7, "did you mean [plan]?" },
	{ SERVERS "[plan A]\naddresses = 10.77.0.1-9", 7, "[plan] has no name; write" },
	{ SERVERS "[plan]\naddresses = 10.77.0.1-9\n[timing]\n[plan]", 10,
	    "[plan] is in line 7 already; put all of its keys there" },
	{ SERVERS "[plan]\naddresses = 10.77.0.1-9\nprimary = 10.77.0.1", 9,
	    "primary does not belong in [plan]; move it to [server NAME]" },
	{ SERVERS "tiers = 2\n[plan]\naddresses = 10.77.0.1-9", 7,
	    "tiers does not belong in [server]; move it to [plan]" },
	/* Lists and [plan], in either order. */
	{ SERVERS "primary = 10.77.0.1-3\n[plan]\naddresses = 10.77.0.1-9", 7,
	    "primary is listed here, and [plan] (line 8) makes all lists; remove all "
	    "lists, or [plan]" },
	{ "[plan]\naddresses = 10.77.0.1-9\n" SERVERS "tier4 = 10.77.0.1-3", 9,
	    "a tier is listed here, and [plan] (line 1) makes all lists; remove" },
	{ "[plan]\naddresses = 10.77.0.1-9\n[server A]\nmac = 02:00:00:00:00:01", 1,
	    "a plan of one server; write another section [server NAME]" },
	{ "[plan]\naddresses = 10.77.0.1-9\n[server A]\nmac = 02:00:00:00:00:01\nweight "
	  "= 0\n[server B]\nmac = 02:00:00:00:00:02\nweight = 0",
	    1, "every server has weight 0; write weight = 1 for one of them" },
	{ "[plan]\naddresses = 10.77.0.1-9", 0, "no server at all; write a section" },
	/* What lists are checked for, addresses of a plan are too. */
	{ "[cluster]\nrouter = 10.77.0.3\n" SERVERS "[plan]\naddresses = 10.77.0.1-9", 10,
	    "10.77.0.3 is a router (line 2); write another failover address" },
	{ "[cluster]\nexternal = 10.77.0.0/29\n" SERVERS
	  "[plan]\naddresses = 10.77.0.1-9",
	    10, "10.77.0.1 (and 6 more) lies in external 10.77.0.0/29 (line 2)" },
};

START_TEST(a_plan_that_cannot_be_made_is_one_mistake)
{
	unsigned kept;
	unsigned total;

	feed(1, bad_plans[_i].text);
	ck_assert_msg(!conf_finish(reader), "taken: %s", bad_plans[_i].text);
	const struct conf_error *error = conf_errors(reader, &kept, &total);
	ck_assert_msg(total == 1 && error->line == bad_plans[_i].at &&
			  strstr(error->text, bad_plans[_i].says) != NULL,
	    "wanted %d: %s\ngot %s", bad_plans[_i].at, bad_plans[_i].says,
	    all_mistakes());
	ck_assert_ptr_nonnull(strpbrk(error->text, ";?"));
}
END_TEST

START_TEST(a_plan_is_asked_for_in_the_planners_words)
{
	struct plan_request request;

	feed(1,
	    SERVERS "rack = r1\nweight = 2\n[server D]\nmac = 02:00:00:00:00:04\n"
		    "[server E]\nmac = 02:00:00:00:00:05\nrack = r1\nweight = 0\n"
		    "[plan]\naddresses = 10.77.0.4-9\naddresses = 10.77.0.1\ntiers = 4");
	ck_assert_msg(conf_finish(reader), "%s", all_mistakes());
	ck_assert_uint_eq(conf->planned, 4);
	ck_assert_uint_eq(conf->addresses, 7);
	ck_assert_uint_eq(conf->address[0].ip.byte[3], 1);
	ck_assert_uint_eq(conf->address[0].tiers, 0);
	conf_plan_request(conf, &request);
	ck_assert_int_eq(plan_check(&request), PLAN_OK);
	ck_assert_uint_eq(request.servers, 5);
	ck_assert_uint_eq(request.addresses, 7);
	ck_assert_uint_eq(request.tiers, 4);
	ck_assert_uint_eq(request.server[2].weight, 2);
	ck_assert_uint_eq(request.server[3].weight, 1);
	ck_assert_uint_eq(request.server[4].weight, 0);
	ck_assert_uint_eq(request.server[0].rack, 0);
	ck_assert_uint_ne(request.server[2].rack, 0);
	ck_assert_uint_eq(request.server[2].rack, request.server[4].rack);
}
END_TEST

static const struct {
	const char *tiers;
	unsigned servers, planned;
} tier_counts[] = {
	{ "", 5, 5 },
	{ "", 16, 16 },
	{ "", 17, 8 },
	{ "tiers = all", 17, 17 },
	{ "tiers = 17", 17, 17 },
	{ "tiers = 2", 5, 2 },
};

START_TEST(as_many_tiers_as_are_asked_for)
{
	char text[64];
	int line = feed(1, "[plan]\naddresses = 10.77.0.1-99");

	line = feed(line, tier_counts[_i].tiers);
	for (unsigned s = 0; s < tier_counts[_i].servers; s++) {
		snprintf(
		    text, sizeof text, "[server S%u]\nmac = 02:00:00:00:00:%02x", s, s);
		line = feed(line, text);
	}
	ck_assert_msg(conf_finish(reader), "%s", all_mistakes());
	ck_assert_uint_eq(conf->planned, tier_counts[_i].planned);
}
END_TEST

START_TEST(lists_that_were_made_are_taken)
{
	static const uint8_t rows[] = { 0, 1, 2, 1, 2, 0, 2, 0, PLAN_NONE };
	const struct plan_lists lists = { 3, 3, rows };

	feed(1, SERVERS "[plan]\naddresses = 10.77.0.1-3");
	ck_assert(conf_finish(reader));
	conf_plan_take(conf, &lists);
	ck_assert_int_eq(conf_tier(conf, 1, 2), 1);
	ck_assert_uint_eq(conf->address[2].tiers, 2);
	ck_assert_int_eq(conf_tier(conf, 2, 1), CONF_NONE);
}
END_TEST

/* The good file's, as any other program that follows conf.h would compute it. */
#define GOOD_DIGEST "f957f346399277"

static const struct {
	int line;
	const char *with;
	bool same;
} digests[] = {
	{ 0, "", true },
	/* The same lists, told otherwise; and what is no list. */
	{ 16, "primary = 10.77.0.2\ntier1 = 10.77.0.1", true },
	{ 7, "hello = 50ms", true },
	{ 4, "router = 10.77.255.250", true },
	{ 20, "mac = 02:00:00:00:00:22\nweight = 7\nrack = r1", true },
	{ 1, "[server Z]\nmac = 02:00:00:00:00:26\n[cluster]", true },
	/* Another name, address, order, or depth. */
	{ 19, "[server b]", false },
	{ 29, "[server D]\nmac = 02:00:00:00:00:04\nprimary = 10.77.0.7", false },
	{ 29, "[server D]\nmac = 02:00:00:00:00:04\ntier4 = 10.77.0.1", false },
	{ 29, "[server D]\nmac = 02:00:00:00:00:04\ntier4 = 10.77.0.6", false },
};

START_TEST(the_digest_is_of_the_lists_alone)
{
	char text[CONF_DIGEST_TEXT];

	ck_assert_msg(
	    read_with(digests[_i].line, digests[_i].with), "%s", all_mistakes());
	conf_digest_format(conf_digest(conf), text);
	ck_assert_uint_eq(strlen(text), 14);
	ck_assert_msg((strcmp(text, GOOD_DIGEST) == 0) == digests[_i].same, "%s", text);
}
END_TEST

START_TEST(the_digest_knows_the_order_of_a_list)
{
	uint64_t digest[2];

	for (unsigned i = 0; i < 2; i++) {
		conf_begin(reader, conf);
		feed(1, "[server A]\nmac = 02:00:00:00:00:01");
		feed(3, i == 0 ? "primary = 10.77.0.1" : "secondary = 10.77.0.1");
		feed(4, "[server B]\nmac = 02:00:00:00:00:02");
		feed(6, i == 1 ? "primary = 10.77.0.1" : "secondary = 10.77.0.1");
		ck_assert(conf_finish(reader));
		digest[i] = conf_digest(conf);
	}
	ck_assert_uint_ne(digest[0], digest[1]);
}
END_TEST

START_TEST(defaults_hold)
{
	feed(1, "[server A]\nmac = 02:00:00:00:00:01\nprimary = 10.77.0.1");
	ck_assert_msg(conf_finish(reader), "%s", all_mistakes());
	ck_assert_str_eq(conf->name, "vlb");
	ck_assert_str_eq(conf->interface, "");
	ck_assert_uint_eq(conf->routers, 0);
	ck_assert_uint_eq(conf->externals, 0);
	ck_assert_uint_eq(conf->timing.hello_ns, 100 * MS_NS);
	ck_assert_uint_eq(conf->timing.probes, 5);
	ck_assert_uint_eq(conf->timing.probe_interval_ns, 5 * MS_NS);
	ck_assert_uint_eq(conf->timing.answer_timeout_ns, 300 * MS_NS);
	ck_assert_uint_eq(conf->timing.lease_ns, 5 * SEC_NS);
	ck_assert_uint_eq(conf->timing.failback_ns, 5 * SEC_NS);
	ck_assert_uint_eq(conf->timing.max_rate, 0);
}
END_TEST

static const struct {
	const char *hello;
	const char *interval;
	uint64_t hello_ns;
	uint64_t interval_ns;
} intervals[] = {
	{ "hello = 1.5s", "", 1500 * MS_NS, 75 * MS_NS },
	{ "hello = 15ms", "probe_interval = auto", 15 * MS_NS, MS_NS },
	{ "hello = off", "probe_interval = auto", 0, 5 * MS_NS },
	{ "hello = 1s", "probe_interval = 1.25ms", SEC_NS, 1250 * UINT64_C(1000) },
	{ "hello = 60s", "probes = 20\nlease = 3min", 60 * SEC_NS, 3 * SEC_NS },
};

START_TEST(auto_follows_hello)
{
	int line = feed(1, "[timing]");

	line = feed(line, intervals[_i].interval);
	line = feed(line, intervals[_i].hello);
	feed(line, "[server A]\nmac = 02:00:00:00:00:01\nprimary = 10.77.0.1");
	ck_assert_msg(conf_finish(reader), "%s", all_mistakes());
	ck_assert_uint_eq(conf->timing.hello_ns, intervals[_i].hello_ns);
	ck_assert_uint_eq(conf->timing.probe_interval_ns, intervals[_i].interval_ns);
}
END_TEST

START_TEST(words_have_values)
{
	ck_assert(read_with(12, "failback = manual"));
	ck_assert_uint_eq(conf->timing.failback_ns, CONF_NEVER);
	conf_begin(reader, conf);
	ck_assert(read_with(11, "lease = off"));
	ck_assert_uint_eq(conf->timing.lease_ns, 0);
	conf_begin(reader, conf);
	ck_assert_str_eq(conf->metrics.textfile, "");
	ck_assert_uint_eq(conf->metrics.interval_ns, 15 * SEC_NS);
	ck_assert(read_with(13, "[metrics]\ntextfile = /run/vlbd.prom\ninterval = 1min"));
	ck_assert_str_eq(conf->metrics.textfile, "/run/vlbd.prom");
	ck_assert_uint_eq(conf->metrics.interval_ns, 60 * SEC_NS);
	conf_begin(reader, conf);
	ck_assert(read_with(13, "max_rate = 250"));
	ck_assert_uint_eq(conf->timing.max_rate, 250);
}
END_TEST

START_TEST(an_empty_file_is_one_mistake)
{
	ck_assert(!conf_finish(reader));
	ck_assert_str_eq(all_mistakes(),
	    "0: no server at all; write a section [server NAME] for each server\n");
}
END_TEST

START_TEST(servers_without_addresses_are_one_mistake)
{
	feed(1, "[server A]\nmac = 02:00:00:00:00:01");
	ck_assert(!conf_finish(reader));
	ck_assert_str_eq(all_mistakes(),
	    "0: no failover address at all; write primary = and "
	    "addresses in the sections [server NAME], or a section [plan]\n");
}
END_TEST

START_TEST(a_line_that_never_came_explains_holes)
{
	feed(1, "[server A]\nmac = 02:00:00:00:00:01");
	conf_mistake(reader, 3, "%s; write it shorter", "a long line");
	feed(4, "secondary = 10.77.0.1\nsecondary = 10.77.0.2");
	ck_assert(!conf_finish(reader));
	ck_assert_str_eq(all_mistakes(),
	    "3: a long line; write it shorter\n"
	    "4: 10.77.0.1 (and 1 more) has the secondary A but no "
	    "primary (perhaps because of the mistake in line 3); write "
	    "it in one server's primary list\n");
}
END_TEST

START_TEST(all_mistakes_come_in_one_go_and_in_order)
{
	unsigned kept;
	unsigned total;

	/* The hole in line 9 is found last, by conf_finish(). */
	feed(1,
	    "[server A]\nprimary = 10.77.0.1\n[server B]\nmac = x\nprimary = 10.77.0.1\n"
	    "[timng]\nhello = 1\n[server C]\ntertiary = 10.77.0.1\nmac = y");
	ck_assert(!conf_finish(reader));
	const struct conf_error *error = conf_errors(reader, &kept, &total);
	static const int lines[] = { 1, 4, 5, 6, 7, 9, 10 };
	ck_assert_msg(kept == sizeof lines / sizeof lines[0], "%s", all_mistakes());
	ck_assert_uint_eq(total, kept);
	for (unsigned i = 0; i < kept; i++)
		ck_assert_msg(error[i].line == lines[i], "%s", all_mistakes());
}
END_TEST

START_TEST(too_many_mistakes_keep_the_first_lines)
{
	unsigned kept;
	unsigned total;
	char text[64];

	feed(1, "[cluster]");
	for (int line = 500; line > 100; line--) {
		snprintf(text, sizeof text, "zebra%d = 1", line);
		feed_line(line, text);
	}
	ck_assert(!conf_finish(reader));
	const struct conf_error *error = conf_errors(reader, &kept, &total);
	ck_assert_uint_eq(kept, CONF_ERRORS);
	ck_assert_uint_eq(total, 401); /* and no server at all */
	ck_assert_int_eq(error[0].line, 0);
	for (unsigned i = 1; i < kept; i++)
		ck_assert_int_eq(error[i].line, 100 + (int)i);
}
END_TEST

/* SERVERS servers, each with TIERS tiers over all ADDRESSES: server s has tier
 * (s + address) % servers. */
static void
feed_square(unsigned servers, unsigned addresses)
{
	char text[64];
	int line = 1;

	for (unsigned s = 0; s < servers; s++) {
		snprintf(text, sizeof text, "[server s%u]", s);
		feed_line(line++, text);
		snprintf(text, sizeof text, "mac = 02:00:00:00:00:%02x", s);
		feed_line(line++, text);
		/* Downwards, the worst order for the sorted index. */
		for (unsigned a = addresses; a-- > 0;) {
			snprintf(text, sizeof text, "tier%u = 10.77.%u.%u",
			    (s + a) % servers + 1, a / 256, a % 256);
			feed_line(line++, text);
		}
	}
}

START_TEST(the_largest_file_is_taken)
{
	feed_square(CONF_SERVERS, CONF_ADDRESSES);
	ck_assert_msg(conf_finish(reader), "%s", all_mistakes());
	ck_assert_uint_eq(conf->addresses, CONF_ADDRESSES);
	for (unsigned a = 0; a < CONF_ADDRESSES; a++) {
		struct ip ip = ip_v4(0x0a4d0000 + a);

		ck_assert_int_eq(conf_address_by_ip(conf, &ip), (int)a);
		ck_assert_uint_eq(conf->address[a].tiers, CONF_TIERS);
		for (unsigned s = 0; s < CONF_SERVERS; s++)
			ck_assert_int_eq(
			    conf_tier(conf, a, s), (int)((s + a) % CONF_SERVERS));
	}
	struct ip below = ip_v4(0x0a4cffff);
	struct ip above = ip_v4(0x0a4d0000 + CONF_ADDRESSES);
	ck_assert_int_eq(conf_address_by_ip(conf, &below), CONF_NONE);
	ck_assert_int_eq(conf_address_by_ip(conf, &above), CONF_NONE);
}
END_TEST

START_TEST(one_server_too_many_is_one_mistake)
{
	unsigned kept;
	unsigned total;

	feed_square(CONF_SERVERS + 2, 1);
	ck_assert(!conf_finish(reader));
	const struct conf_error *error = conf_errors(reader, &kept, &total);
	ck_assert_msg(
	    strstr(error[0].text, "more than 64 servers") != NULL, "%s", all_mistakes());
	ck_assert_uint_eq(total, 1);
}
END_TEST

START_TEST(one_mac_too_many_is_a_mistake)
{
	unsigned kept;
	unsigned total;

	feed(1, "[server A]\nprimary = 10.77.0.1");
	for (int i = 1; i <= CONF_MACS + 1; i++) {
		char text[64];

		snprintf(text, sizeof text, "mac = 02:00:00:00:00:%02x", (unsigned)i);
		feed_line(10 + i, text);
	}
	ck_assert(!conf_finish(reader));
	ck_assert_int_eq(conf_errors(reader, &kept, &total)->line, 10 + CONF_MACS + 1);
	ck_assert_uint_eq(total, 1);
}
END_TEST

START_TEST(one_external_too_many_is_a_mistake)
{
	unsigned kept;
	unsigned total;

	feed(1, "[server A]\nmac = 02:00:00:00:00:01\nprimary = 10.77.0.1\n[cluster]");
	for (int i = 1; i <= CONF_EXTERNALS + 1; i++) {
		char text[64];

		snprintf(text, sizeof text, "external = 203.0.%d.0/24", i);
		feed_line(10 + i, text);
	}
	ck_assert(!conf_finish(reader));
	ck_assert_int_eq(
	    conf_errors(reader, &kept, &total)->line, 10 + CONF_EXTERNALS + 1);
	ck_assert_uint_eq(total, 1);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

int
main(void)
{
	Suite *suite = suite_create("conf");
	TCase *tc = tcase_create("conf");

	tcase_set_timeout(tc, 60); /* valgrind and the largest file */
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_loop_test(tc, a_mistake_is_told, 0, COUNT(mistakes));
	tcase_add_loop_test(tc, a_variant_is_taken, 0, COUNT(variants));
	tcase_add_test(tc, the_good_file_says_this);
	tcase_add_test(tc, weight_and_rack_are_each_servers_own);
	tcase_add_test(tc, checks_are_read);
	tcase_add_test(tc, seventeen_checks_are_too_many);
	tcase_add_test(tc, a_draft_may_have_placeholders);
	tcase_add_loop_test(
	    tc, a_plan_that_cannot_be_made_is_one_mistake, 0, COUNT(bad_plans));
	tcase_add_test(tc, a_plan_is_asked_for_in_the_planners_words);
	tcase_add_loop_test(tc, as_many_tiers_as_are_asked_for, 0, COUNT(tier_counts));
	tcase_add_test(tc, lists_that_were_made_are_taken);
	tcase_add_loop_test(tc, the_digest_is_of_the_lists_alone, 0, COUNT(digests));
	tcase_add_test(tc, the_digest_knows_the_order_of_a_list);
	tcase_add_test(tc, defaults_hold);
	tcase_add_loop_test(tc, auto_follows_hello, 0, COUNT(intervals));
	tcase_add_test(tc, words_have_values);
	tcase_add_test(tc, an_empty_file_is_one_mistake);
	tcase_add_test(tc, servers_without_addresses_are_one_mistake);
	tcase_add_test(tc, a_line_that_never_came_explains_holes);
	tcase_add_test(tc, all_mistakes_come_in_one_go_and_in_order);
	tcase_add_test(tc, too_many_mistakes_keep_the_first_lines);
	tcase_add_test(tc, the_largest_file_is_taken);
	tcase_add_test(tc, one_server_too_many_is_one_mistake);
	tcase_add_test(tc, one_mac_too_many_is_a_mistake);
	tcase_add_test(tc, one_external_too_many_is_a_mistake);
	suite_add_tcase(suite, tc);

	SRunner *runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT); /* the TAP carries the verdict */
	srunner_free(runner);
	return 0;
}
