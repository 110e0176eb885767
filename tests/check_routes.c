/* SPDX-License-Identifier: BSD-2-Clause */
/* check_routes.c - what routers are told: word for word for a small cluster, and what
 * must hold for any. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "routes.h"
#include "vlbd/rate.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

static struct conf conf;
static struct routes_wish wish;
static struct routes routes;

static void
add_address(unsigned a, unsigned b, unsigned c, unsigned tiers)
{
	struct conf_address *address = &conf.address[conf.addresses++];

	memset(address, 0, sizeof(*address));
	address->ip = ip_v4(0x0a4d0000 + conf.addresses); /* 10.77.0.1 and on */
	address->tiers = (uint8_t)tiers;
	address->server[0] = (uint8_t)a;
	address->server[1] = (uint8_t)b;
	address->server[2] = (uint8_t)c;
}

/* N servers; every list (a, b, r, ...), r being a's neighbour to the right, as in the
 * closed form of a balanced plan; TIMES over, with other neighbours. */
static void
make_cluster(unsigned n, unsigned times)
{
	memset(&conf, 0, sizeof(conf));
	conf.servers = n;
	for (unsigned s = 0; s < n; s++) {
		conf.server[s].weight = 1;
		conf.server[s].macs = 1;
		conf.server[s].mac[0] =
		    (struct mac){ { 2, 0, 0, 0, 0, (uint8_t)(s + 1) } };
		snprintf(conf.server[s].name, CONF_NAME, "S%u", s + 1);
	}
	for (unsigned i = 1; i <= times; i++)
		for (unsigned a = 0; a < n; a++)
			for (unsigned b = 0; b < n; b++)
				if (b != a && b != (a + i) % n)
					add_address(a, b, (a + i) % n, 3);
}

static void
wish_for(const char *router)
{
	memset(&wish, 0, sizeof(wish));
	wish.conf = &conf;
	wish.router = router;
	wish.externals = 1;
	wish.external[0] = (struct conf_range){ ip_v4(0xcb007100), 24 }; /* 203.0.113.0 */
}

/* Two servers with an address each. */
static void
make_pair(void)
{
	make_cluster(2, 0);
	add_address(0, 1, 0, 2);
	add_address(1, 0, 0, 2);
}

/* What the router prints; free it. */
static char *
printed(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	routes_print(out, &routes);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

/* TEXT without the lines that begin with COMMENT, in place. */
static char *
without_comments(char *text, const char *comment)
{
	char *to = text;

	for (char *line = text, *next; *line != '\0'; line = next) {
		next = line + strcspn(line, "\n");
		next += *next == '\n';
		if (strncmp(line, comment, strlen(comment)) == 0)
			continue;
		memmove(to, line, (size_t)(next - line));
		to += next - line;
	}
	*to = '\0';
	return text;
}

/* How often WORD stands in TEXT, not as a part of a longer address. */
static unsigned
times_in(const char *text, const char *word)
{
	unsigned times = 0;

	for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word)) {
		char after = at[strlen(word)];
		times += (after < '0' || after > '9') && (at == text || at[-1] != '.');
	}
	return times;
}

static const struct {
	const char *router;
	const char *lines;
} golden[] = {
	{ "linux", "sysctl -w net.ipv4.fib_multipath_hash_policy=1\n"
		   "sysctl -w net.ipv4.fib_multipath_use_neigh=0\n"
		   "ip route replace 203.0.113.0/24 \\\n"
		   "\tnexthop via 10.77.0.1 dev eth1.7 \\\n"
		   "\tnexthop via 10.77.0.2 dev eth1.7\n" },
	{ "frr", "ip route 203.0.113.0/24 10.77.0.1 eth1.7\n"
		 "ip route 203.0.113.0/24 10.77.0.2 eth1.7\n" },
	{ "bird", "protocol static vlb {\n"
		  "\tipv4;\n"
		  "\troute 203.0.113.0/24\n"
		  "\t\tvia 10.77.0.1\n"
		  "\t\tvia 10.77.0.2;\n"
		  "}\n" },
	{ "vyos", "set system ip multipath layer4-hashing\n"
		  "set protocols static route 203.0.113.0/24 next-hop 10.77.0.1\n"
		  "set protocols static route 203.0.113.0/24 next-hop 10.77.0.2\n" },
	{ "ios", "ip cef\n"
		 "ip cef load-sharing algorithm include-ports source destination\n"
		 "ip route 203.0.113.0 255.255.255.0 10.77.0.1\n"
		 "ip route 203.0.113.0 255.255.255.0 10.77.0.2\n" },
	{ "nxos", "ip load-sharing address source-destination port source-destination\n"
		  "ip route 203.0.113.0/24 10.77.0.1\n"
		  "ip route 203.0.113.0/24 10.77.0.2\n" },
	{ "junos",
	    "set policy-options policy-statement VLB then load-balance per-packet\n"
	    "set routing-options forwarding-table export VLB\n"
	    "set forwarding-options hash-key family inet layer-3\n"
	    "set forwarding-options hash-key family inet layer-4\n"
	    "set chassis maximum-ecmp 16\n"
	    "set interfaces eth1 gratuitous-arp-reply\n"
	    "set routing-options static route 203.0.113.0/24 next-hop 10.77.0.1\n"
	    "set routing-options static route 203.0.113.0/24 next-hop 10.77.0.2\n" },
	{ "eos", "ip route 203.0.113.0/24 10.77.0.1\n"
		 "ip route 203.0.113.0/24 10.77.0.2\n" },
	{ "routeros", "/ip settings set ipv4-multipath-hash-policy=l4\n"
		      "/ip route add dst-address=203.0.113.0/24 gateway=10.77.0.1\n"
		      "/ip route add dst-address=203.0.113.0/24 gateway=10.77.0.2\n" },
	{ "fortios", "config system settings\n"
		     "    set v4-ecmp-mode source-dest-ip-based\n"
		     "    set ecmp-max-paths 255\n"
		     "end\n"
		     "config router static\n"
		     "    edit 0\n"
		     "        set dst 203.0.113.0 255.255.255.0\n"
		     "        set gateway 10.77.0.1\n"
		     "        set device \"eth1.7\"\n"
		     "    next\n"
		     "    edit 0\n"
		     "        set dst 203.0.113.0 255.255.255.0\n"
		     "        set gateway 10.77.0.2\n"
		     "        set device \"eth1.7\"\n"
		     "    next\n"
		     "end\n" },
	{ "checkpoint",
	    "set static-route 203.0.113.0/24 nexthop gateway address 10.77.0.1 on\n"
	    "set static-route 203.0.113.0/24 nexthop gateway address 10.77.0.2 on\n"
	    "save config\n" },
};

START_TEST(a_router_is_told_this)
{
	make_pair();
	wish_for(golden[_i].router);
	wish.interface = "eth1.7";
	ck_assert_msg(routes_decide(&routes, &wish), "%s", routes.error);
	char *text = without_comments(printed(), routes.router->comment);
	ck_assert_str_eq(text, golden[_i].lines);
	free(text);
}
END_TEST

START_TEST(every_router_has_its_golden_text)
{
	ck_assert_uint_eq(routers_count, (unsigned)COUNT(golden));
}
END_TEST

/* Whatever the router: each address once, behind one range, and the comment says whether
 * anybody ever ran it. */
START_TEST(every_address_stands_once)
{
	const struct router *router = &routers[_i];

	make_cluster(7, 1);
	wish_for(router->name);
	wish.paths = 35;
	if (router->hard)
		wish.paths = 0;
	ck_assert_msg(routes_decide(&routes, &wish), "%s", routes.error);
	ck_assert_uint_eq(routes.parts, 1);
	char *text = printed();
	const char *tried = strstr(text, "Tried, in this project's tests, on ");
	ck_assert((tried != NULL) == (router->run != NULL));
	ck_assert((strstr(text, "Not run by us") != NULL) == (router->run == NULL));
	ck_assert_ptr_nonnull(strstr(text, "To see that all of it is in:"));
	ck_assert_ptr_null(strstr(text, "{hop")); /* no word is left unreplaced */
	ck_assert_ptr_null(strstr(text, "{prefix"));
	without_comments(text, router->comment);
	for (unsigned a = 0; a < conf.addresses; a++) {
		char ip[IP_TEXT];
		ip_format(&conf.address[a].ip, ip);
		ck_assert_msg(
		    times_in(text, ip) == 1, "%s: %u times", ip, times_in(text, ip));
	}
	free(text);
}
END_TEST

START_TEST(two_ranges_have_all_next_hops_each)
{
	make_pair();
	wish_for("nxos");
	wish.externals = 2;
	wish.external[1] = (struct conf_range){ ip_v4(0), 0 };
	ck_assert(routes_decide(&routes, &wish));
	char *text = without_comments(printed(), "!");
	ck_assert_uint_eq(times_in(text, "10.77.0.1"), 2);
	ck_assert_ptr_nonnull(strstr(text, "ip route 0.0.0.0/0 10.77.0.2\n"));
	free(text);
}
END_TEST

static const struct {
	const char *router;
	const char *why;
} refused[] = {
	{ "edgeos", "the packets of one flow" },
	{ "asa", "3 next hops" },
	{ "procurve", "4 next hops" },
	{ "panos", "4 next hops" },
	{ "opnsense", "no equal-cost static routes" },
	{ "pfsense", "no equal-cost static routes" },
	{ "azure", "no ARP" },
	{ "iso", "there is no router `iso'; known are linux, frr, " },
};

START_TEST(what_cannot_do_it_is_refused)
{
	make_pair();
	wish_for(refused[_i].router);
	ck_assert(!routes_decide(&routes, &wish));
	ck_assert_msg(strstr(routes.error, refused[_i].why) != NULL, "%s", routes.error);
}
END_TEST

static void
expect_error(const char *text)
{
	ck_assert(!routes_decide(&routes, &wish));
	ck_assert_msg(strstr(routes.error, text) != NULL, "%s", routes.error);
}

START_TEST(impossible_wishes_are_refused)
{
	make_cluster(10, 1); /* 80 addresses */
	wish_for("linux");
	wish.paths = 300;
	expect_error("--paths 300: Linux, iproute2 takes no more than 230");
	wish.paths = 0;
	wish.split = 3;
	expect_error("--split is 1, 2, 4, 8");
	wish.split = 2;
	wish.paths = 16;
	expect_error("--split 2 makes routes of 40 next hops, and the router takes 16: "
		     "--split 8");
	wish.split = 0;
	wish.external[0].prefix = 30;
	expect_error("203.0.113.0/30 cannot be cut into 8 parts");
	wish.external[0].prefix = 24;
	wish.paths = 8;
	expect_error("too few next hops: in 16 parts, S1 would get nothing");
	wish_for("linux");
	wish.externals = 0;
	expect_error("--external");
	conf.addresses = 0;
	expect_error("no failover addresses");
}
END_TEST

static bool
warned(const char *text)
{
	for (unsigned w = 0; w < routes.warnings; w++)
		if (strstr(routes.warning[w], text) != NULL)
			return true;
	return false;
}

START_TEST(a_limit_is_never_silent)
{
	make_cluster(6, 1); /* 24 addresses */
	wish_for("ios");
	ck_assert(routes_decide(&routes, &wish));
	ck_assert(warned("24 addresses are more than the 16 next hops that are taken for "
			 "granted (documented as 6, 16 or 32"));
	ck_assert(warned("cut into 2 parts"));
	make_pair();
	ck_assert(routes_decide(&routes, &wish));
	ck_assert_uint_eq(routes.warnings, 0);
	char *text = printed(); /* a comment is enough where nothing depends on it */
	ck_assert_ptr_nonnull(strstr(text, "16 next hops that are taken for granted"));
	free(text);
	make_cluster(6, 1);
	wish.paths = 32;
	ck_assert(routes_decide(&routes, &wish));
	ck_assert_uint_eq(routes.warnings, 0);
	ck_assert_uint_eq(routes.parts, 1);
	wish_for("routeros");
	ck_assert(routes_decide(&routes, &wish));
	ck_assert(warned("not documented"));
	make_cluster(7, 1); /* 35 addresses, in two parts 17 and 18 of 7 servers */
	wish_for("linux");
	wish.split = 2;
	ck_assert(routes_decide(&routes, &wish));
	ck_assert(warned("2 to 3 next hops a server: a multiple of 14"));
}
END_TEST

static void
expect_line(const char *line)
{
	char *text = printed();

	ck_assert_msg(strstr(text, line) != NULL, "no %s in %s", line, text);
	free(text);
}

START_TEST(settings_follow_the_number_of_next_hops)
{
	make_cluster(6, 1); /* 24 addresses */
	wish_for("junos");
	ck_assert(routes_decide(&routes, &wish));
	expect_line("set chassis maximum-ecmp 32\n");
	expect_line("set interfaces <interface> gratuitous-arp-reply\n");
	expect_line("# Replace <interface> by that towards the servers.\n");
	make_cluster(13, 1); /* 143 addresses: quarters of 35 and 36 */
	wish.split = 4;
	ck_assert(routes_decide(&routes, &wish));
	expect_line("set chassis maximum-ecmp 64\n");
	expect_line(
	    "# `show route forwarding-table destination 203.0.113.192/26' lists 35 ");
}
END_TEST

START_TEST(halves_have_addresses_of_their_own)
{
	make_cluster(4, 1); /* 8 addresses */
	wish_for("eos");
	wish.paths = 4;
	ck_assert_msg(routes_decide(&routes, &wish), "%s", routes.error);
	ck_assert_uint_eq(routes.parts, 2);
	char *text = without_comments(printed(), "!");
	ck_assert_uint_eq(times_in(text, "203.0.113.0/25"), 4);
	ck_assert_uint_eq(times_in(text, "203.0.113.128/25"), 4);
	for (unsigned a = 0; a < conf.addresses; a++) {
		char ip[IP_TEXT];
		ck_assert_uint_eq(times_in(text, ip_format(&conf.address[a].ip, ip)), 1);
	}
	free(text);
}
END_TEST

/* The most that one server has to do in PART while D and E are down, above the least that
 * anybody could do. */
static unsigned
excess(unsigned parts_size, unsigned part, unsigned d, unsigned e)
{
	unsigned most = 0, down = (unsigned)(d < conf.servers) + (e < conf.servers);

	for (unsigned s = 0; s < conf.servers; s++) {
		unsigned load = 0;
		for (unsigned a = 0; a < conf.addresses; a++) {
			const uint8_t *server = conf.address[a].server;
			while (*server == d || *server == e)
				server++;
			load += routes.part[a] == part && *server == s;
		}
		most = load > most && s != d && s != e ? load : most;
	}
	return most - (parts_size + conf.servers - down - 1) / (conf.servers - down);
}

static unsigned
size_of(unsigned part)
{
	unsigned size = 0;

	for (unsigned a = 0; a < conf.addresses; a++)
		size += routes.part[a] == part;
	return size;
}

/* Of all parts together: the worst after one failure, and after two. */
static void
add_excess(unsigned *one, unsigned *two)
{
	for (unsigned part = 0; part < routes.parts; part++) {
		unsigned size = size_of(part), worst1 = 0, worst2 = 0;
		for (unsigned d = 0; d < conf.servers; d++) {
			unsigned e = excess(size, part, d, conf.servers);
			worst1 = e > worst1 ? e : worst1;
			for (unsigned other = 0; other < d; other++) {
				e = excess(size, part, d, other);
				worst2 = e > worst2 ? e : worst2;
			}
		}
		*one += worst1;
		*two += worst2;
	}
}

static void
check_part(unsigned part)
{
	unsigned size = size_of(part), nobody = conf.servers;

	ck_assert_uint_le(size, (conf.addresses + routes.parts - 1) / routes.parts);
	ck_assert_uint_ge(size, conf.addresses / routes.parts);
	ck_assert_uint_eq(excess(size, part, nobody, nobody), 0);
	for (unsigned d = 0; d < conf.servers; d++) {
		ck_assert_uint_le(excess(size, part, d, nobody), 1);
		for (unsigned e = 0; e < d; e++)
			ck_assert_uint_le(excess(size, part, d, e), 2);
	}
}

START_TEST(every_part_is_a_little_plan)
{
	unsigned n = (unsigned)_i;

	make_cluster(n, 1);
	for (unsigned parts = 2; parts <= 8 && parts * n <= conf.addresses; parts *= 2) {
		wish_for("linux");
		wish.split = parts;
		ck_assert_msg(routes_decide(&routes, &wish), "%s", routes.error);
		ck_assert_uint_eq(routes.parts, parts);
		for (unsigned p = 0; p < parts; p++)
			check_part(p);
	}
}
END_TEST

/* Over many clusters, what one and two failures cost above the least there can be. The
 * figures are what dealing by the deeper tiers achieves, less is welcome; by the
 * primaries alone they are 159 and 342. */
START_TEST(deeper_tiers_are_dealt_out_too)
{
	unsigned one = 0, two = 0;

	for (unsigned n = 4; n <= 10; n++)
		for (unsigned times = 1; times <= 3; times++) {
			make_cluster(n, times);
			routes.wish = &wish;
			for (routes.parts = 2; routes.parts <= 8; routes.parts *= 2) {
				routes_deal(&conf, routes.parts, routes.part);
				add_excess(&one, &two);
			}
		}
	ck_assert_uint_le(one, 143);
	ck_assert_uint_le(two, 325);
}
END_TEST

START_TEST(a_guarding_switch_is_told_this)
{
	make_pair();
	conf.routers = 1;
	conf.timing.hello_ns = 100 * MS_NS;
	conf.timing.probes = 8;
	conf.server[1].macs = 2;
	conf.server[1].mac[1] = (struct mac){ { 0xaa, 0xbb, 0xcc, 1, 2, 3 } };
	wish_for("dai");
	wish.base[0] = ip_v4(0x0a4d8001);
	ck_assert_msg(routes_decide(&routes, &wish), "%s", routes.error);
	char *text = without_comments(printed(), "!");
	/* 10 hellos, 13 probes, 4 frames for one address: 27, and so max_rate = 30; twice
	 * that, and an answer about each of two addresses. */
	ck_assert(warned("set `max_rate = 30'"));
	ck_assert_str_eq(text,
	    "arp access-list VLB\n"
	    " permit ip host 10.77.128.1 mac host 0200.0000.0001\n"
	    " permit ip host 0.0.0.0 mac host 0200.0000.0001\n"
	    " permit ip host <base address of S2> mac host 0200.0000.0002\n"
	    " permit ip host <base address of S2> mac host aabb.cc01.0203\n"
	    " permit ip host 0.0.0.0 mac host 0200.0000.0002\n"
	    " permit ip host 0.0.0.0 mac host aabb.cc01.0203\n"
	    " permit ip host 10.77.0.1 mac host 0200.0000.0001\n"
	    " permit ip host 10.77.0.1 mac host 0200.0000.0002\n"
	    " permit ip host 10.77.0.1 mac host aabb.cc01.0203\n"
	    " permit ip host 10.77.0.2 mac host 0200.0000.0002\n"
	    " permit ip host 10.77.0.2 mac host aabb.cc01.0203\n"
	    " permit ip host 10.77.0.2 mac host 0200.0000.0001\n"
	    "ip arp inspection filter VLB vlan <vlan>\n"
	    "interface range <ports of the servers>\n"
	    " ip arp inspection limit rate 70 burst interval 1\n"
	    "interface range <ports of the routers>\n"
	    " ip arp inspection trust\n");
	free(text);
	conf.timing.max_rate = 14;
	ck_assert(routes_decide(&routes, &wish));
	ck_assert_uint_eq(routes.warnings, 0);
	expect_line(" ip arp inspection limit rate 30 burst interval 1\n");
	conf.timing.max_rate = 1200;
	ck_assert(routes_decide(&routes, &wish));
	expect_line(" ip arp inspection limit none\n");
}
END_TEST

START_TEST(the_worst_second_is_counted)
{
	make_cluster(6, 1); /* 24 addresses, each server secondary of one of each other */
	conf.routers = 2;
	conf.timing.hello_ns = 100 * MS_NS;
	conf.timing.probes = 5;
	struct rate rate = rate_worst(&conf, 3);
	ck_assert_uint_eq(rate.hellos, 10);
	ck_assert_uint_eq(rate.probes, 8);
	ck_assert_uint_eq(rate.claims, 1);
	ck_assert_uint_eq(rate.frames, 10 + 8 + 5);
	ck_assert_uint_eq(rate.silence, 10 + 5 * 8);
	/* In the lists of: its own 4, 4 as the secondary, 4 as the tertiary. */
	ck_assert_uint_eq(rate.listed, 12);
	ck_assert_uint_eq(rate.alone, 10 + 5 * 8 + 12 * (5 + 2 * 5));
	conf.timing.hello_ns = 0;
	rate = rate_worst(&conf, 3);
	ck_assert_uint_eq(rate.frames, 5);
	ck_assert_uint_eq(rate.silence, 0);
	ck_assert_uint_eq(rate.alone, 12 * 5);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("routes");
	TCase *tc = tcase_create("routes");

	tcase_add_loop_test(tc, a_router_is_told_this, 0, COUNT(golden));
	tcase_add_test(tc, every_router_has_its_golden_text);
	tcase_add_loop_test(tc, every_address_stands_once, 0, (int)routers_count);
	tcase_add_test(tc, two_ranges_have_all_next_hops_each);
	tcase_add_loop_test(tc, what_cannot_do_it_is_refused, 0, COUNT(refused));
	tcase_add_test(tc, impossible_wishes_are_refused);
	tcase_add_test(tc, a_limit_is_never_silent);
	tcase_add_test(tc, settings_follow_the_number_of_next_hops);
	tcase_add_test(tc, halves_have_addresses_of_their_own);
	tcase_add_loop_test(tc, every_part_is_a_little_plan, 4, 17);
	tcase_add_test(tc, deeper_tiers_are_dealt_out_too);
	tcase_add_test(tc, a_guarding_switch_is_told_this);
	tcase_add_test(tc, the_worst_second_is_counted);
	suite_add_tcase(suite, tc);

	SRunner *runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT); /* the TAP carries the verdict */
	srunner_free(runner);
	return 0;
}
