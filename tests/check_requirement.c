/* SPDX-License-Identifier: BSD-2-Clause */
/* check_requirement.c - a host where all is right, and one fact changed per test. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "vlbd/requirement.h"

static struct conf *conf;
static struct host_facts facts;
static struct requirement_findings found;

static void
feed(struct conf_reader *reader)
{
	conf_section(reader, 1, "cluster");
	conf_set(reader, 2, "interface", "eth1");
	conf_set(reader, 3, "router", "10.77.255.254");
	conf_set(reader, 4, "external", "203.0.113.0/24, 198.51.100.0/24");
	conf_section(reader, 5, "server A");
	conf_set(reader, 6, "mac", "02:00:00:00:00:01");
	conf_set(reader, 7, "primary", "10.77.0.1-3");
}

static void
up(void)
{
	struct conf_reader *reader = calloc(1, conf_reader_size());

	conf = calloc(1, sizeof(*conf));
	conf_begin(reader, conf);
	feed(reader);
	ck_assert(conf_finish(reader));
	free(reader);
	facts = (struct host_facts){
		.interface = "eth1",
		.base = { IP_V4, { 10, 77, 128, 1 } },
		.base_prefix = 16,
		.arp_ignore = { 1, 0 },
		.arp_announce = { 2, 0 },
		.external = { true, true },
	};
}

static void
down(void)
{
	free(conf);
}

/* KIND is now of LEVEL, with TEXT in it, and nothing else is wrong. */
static void
check_finding(enum requirement_kind kind, enum requirement_level level, const char *text)
{
	requirements_judge(conf, &facts, &found);
	for (unsigned k = 0; k < REQUIREMENTS; k++)
		if ((enum requirement_kind)k != kind)
			ck_assert_int_lt(
			    requirements_worst_of(&found, (enum requirement_kind)k),
			    REQUIREMENT_NOTE);
	ck_assert_int_eq(requirements_worst_of(&found, kind), level);
	ck_assert_int_eq(requirements_worst(&found), level);
	for (unsigned i = 0; i < found.count; i++)
		if (found.finding[i].kind == kind && found.finding[i].level == level &&
		    strstr(found.finding[i].text, text) != NULL)
			return;
	for (unsigned i = 0; i < found.count; i++)
		if (found.finding[i].kind == kind)
			ck_abort_msg("not \"%s\": %s", text, found.finding[i].text);
	ck_abort_msg("not found: %s", text);
}

START_TEST(a_host_that_is_right_meets_all)
{
	unsigned seen = 0;

	requirements_judge(conf, &facts, &found);
	for (unsigned i = 0; i < found.count; i++) {
		ck_assert_int_eq(found.finding[i].level, REQUIREMENT_MET);
		ck_assert_str_ne(found.finding[i].text, "");
		seen |= 1u << found.finding[i].kind;
	}
	ck_assert_uint_eq(seen, (1u << REQUIREMENTS) - 1);
	ck_assert_int_eq(requirements_worst(&found), REQUIREMENT_MET);
}
END_TEST

static const struct {
	int all, own;
	enum requirement_level level;
	const char *text;
} ignores[] = {
	{ 1, 0, REQUIREMENT_MET, "arp_ignore is 1" },
	{ 0, 1, REQUIREMENT_MET, "arp_ignore is 1" },
	{ 2, 1, REQUIREMENT_MET, "arp_ignore is 2" },
	{ 0, 0, REQUIREMENT_UNMET, "sysctl -w net.ipv4.conf.all.arp_ignore=1" },
	{ 1, 8, REQUIREMENT_UNFIT, "sysctl -w net.ipv4.conf.eth1.arp_ignore=1" },
	{ 8, 0, REQUIREMENT_UNFIT, "answers ARP for no address at all" },
	{ 1, 5, REQUIREMENT_UNMET, "net.ipv4.conf.eth1.arp_ignore=1" },
	{ -1, -1, REQUIREMENT_NOTE, "cannot be read" },
};

START_TEST(arp_ignore_is_the_greater_of_two)
{
	facts.arp_ignore = (struct host_setting){ ignores[_i].all, ignores[_i].own };
	check_finding(REQUIREMENT_ARP_IGNORE, ignores[_i].level, ignores[_i].text);
}
END_TEST

START_TEST(arp_announce_is_the_greater_of_two)
{
	facts.arp_announce = (struct host_setting){ 0, 1 };
	check_finding(REQUIREMENT_ARP_ANNOUNCE, REQUIREMENT_MET, "arp_announce is 1");
	facts.arp_announce = (struct host_setting){ 0, 0 };
	check_finding(REQUIREMENT_ARP_ANNOUNCE, REQUIREMENT_UNMET, "arp_announce=2");
}
END_TEST

START_TEST(strict_reverse_path_filtering_is_worth_a_note)
{
	facts.rp_filter = (struct host_setting){ 0, 1 };
	check_finding(REQUIREMENT_RP_FILTER, REQUIREMENT_NOTE, "must leave by eth1");
	facts.rp_filter = (struct host_setting){ 2, 1 };
	check_finding(REQUIREMENT_RP_FILTER, REQUIREMENT_MET, "rp_filter is 2");
}
END_TEST

START_TEST(an_interface_without_arp_cannot_serve)
{
	facts.no_arp = true;
	check_finding(REQUIREMENT_ARP, REQUIREMENT_UNFIT, "ip link set eth1 arp on");
}
END_TEST

START_TEST(a_port_of_a_bridge_or_bond_cannot_serve)
{
	static const char *const kinds[] = { "bridge", "bond", "team", "openvswitch" };

	for (unsigned i = 0; i < 4; i++) {
		strcpy(facts.master, "br0");
		strcpy(facts.master_kind, kinds[i]);
		facts.base = (struct ip){ .family = IP_NONE }; /* it is the bridge's */
		check_finding(
		    REQUIREMENT_MASTER, REQUIREMENT_UNFIT, "write `interface = br0'");
	}
}
END_TEST

START_TEST(a_vrf_is_no_bridge)
{
	strcpy(facts.master, "blue");
	strcpy(facts.master_kind, "vrf");
	check_finding(REQUIREMENT_MASTER, REQUIREMENT_NOTE, "in the VRF blue");
}
END_TEST

START_TEST(a_base_address_is_wanted)
{
	facts.base = (struct ip){ .family = IP_NONE };
	check_finding(REQUIREMENT_BASE_ADDRESS, REQUIREMENT_UNMET, "give it one");
	facts.base = (struct ip){ IP_V4, { 203, 0, 113, 9 } };
	check_finding(REQUIREMENT_BASE_ADDRESS, REQUIREMENT_UNMET,
	    "203.0.113.9 of eth1 lies in external 203.0.113.0/24");
}
END_TEST

START_TEST(a_proxy_answers_where_it_forwards)
{
	facts.proxy_arp = (struct host_setting){ 0, 1 };
	check_finding(REQUIREMENT_PROXY_ARP, REQUIREMENT_NOTE, "as soon as it forwards");
	facts.forwarding.own = 1;
	check_finding(REQUIREMENT_PROXY_ARP, REQUIREMENT_UNMET,
	    "sysctl -w net.ipv4.conf.eth1.proxy_arp=0");
	facts.pvlan.all = 1;
	check_finding(REQUIREMENT_PROXY_ARP, REQUIREMENT_UNMET,
	    "sysctl -w net.ipv4.conf.all.proxy_arp_pvlan=0");
}
END_TEST

START_TEST(every_external_range_must_be_delivered)
{
	facts.external[1] = false;
	check_finding(REQUIREMENT_EXTERNAL, REQUIREMENT_UNFIT,
	    "external 198.51.100.0/24 that arrive on eth1 are not delivered here (they "
	    "would be sent on)");
}
END_TEST

static void
stray(const char *interface, uint8_t last, uint8_t prefix, bool own, bool marked)
{
	struct host_stray *one = &facts.stray[facts.strays++];

	*one = (struct host_stray){ .ip = { IP_V4, { 10, 77, 0, last } },
		.prefix = prefix,
		.own = own,
		.marked = marked };
	strcpy(one->interface, interface);
}

START_TEST(failover_addresses_are_nowhere_else)
{
	stray("eth1", 2, 24, true, false);
	check_finding(REQUIREMENT_ADDRESSES, REQUIREMENT_UNMET,
	    "configured by hand as 10.77.0.2/24; ip addr del 10.77.0.2/24 dev eth1");
	stray("eth9", 3, 32, false, true);
	check_finding(REQUIREMENT_ADDRESSES, REQUIREMENT_UNMET,
	    "10.77.0.3 is on eth9 too, left by an earlier run; ip addr del 10.77.0.3/32 "
	    "dev eth9");
}
END_TEST

START_TEST(a_failover_address_is_no_base_address)
{
	facts.base = (struct ip){ .family = IP_NONE };
	stray("eth1", 2, 16, true, false);
	requirements_judge(conf, &facts, &found);
	ck_assert_ptr_nonnull(strstr(found.finding[found.count - 1].text,
	    "the only address that eth1 has of its own"));
}
END_TEST

START_TEST(a_network_and_its_broadcast_address_belong_to_nobody)
{
	/* The failover addresses 10.77.0.1 to .3 on a segment of four addresses. */
	facts.base = (struct ip){ IP_V4, { 10, 77, 0, 2 } };
	facts.base_prefix = 30;
	check_finding(REQUIREMENT_ADDRESSES, REQUIREMENT_UNMET,
	    "10.77.0.3 is the broadcast address of eth1's network 10.77.0.0/30");
	facts.base_prefix = 31;
	check_finding(REQUIREMENT_ADDRESSES, REQUIREMENT_MET, "no failover address");
	facts.base = (struct ip){ IP_V4, { 10, 77, 0, 1 } };
	facts.base_prefix = 32;
	check_finding(REQUIREMENT_ADDRESSES, REQUIREMENT_MET, "no failover address");
}
END_TEST

START_TEST(everything_has_a_name)
{
	for (int k = 0; k < REQUIREMENTS; k++)
		ck_assert_ptr_nonnull(requirement_name((enum requirement_kind)k));
	for (int l = REQUIREMENT_MET; l <= REQUIREMENT_UNFIT; l++)
		ck_assert_ptr_nonnull(requirement_level_name((enum requirement_level)l));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("requirement");
	TCase *tc = tcase_create("facts");
	SRunner *runner = srunner_create(suite);

	tcase_add_checked_fixture(tc, up, down);
	tcase_add_test(tc, a_host_that_is_right_meets_all);
	tcase_add_loop_test(tc, arp_ignore_is_the_greater_of_two, 0,
	    (int)(sizeof(ignores) / sizeof(ignores[0])));
	tcase_add_test(tc, arp_announce_is_the_greater_of_two);
	tcase_add_test(tc, strict_reverse_path_filtering_is_worth_a_note);
	tcase_add_test(tc, an_interface_without_arp_cannot_serve);
	tcase_add_test(tc, a_port_of_a_bridge_or_bond_cannot_serve);
	tcase_add_test(tc, a_vrf_is_no_bridge);
	tcase_add_test(tc, a_base_address_is_wanted);
	tcase_add_test(tc, a_proxy_answers_where_it_forwards);
	tcase_add_test(tc, every_external_range_must_be_delivered);
	tcase_add_test(tc, failover_addresses_are_nowhere_else);
	tcase_add_test(tc, a_failover_address_is_no_base_address);
	tcase_add_test(tc, a_network_and_its_broadcast_address_belong_to_nobody);
	tcase_add_test(tc, everything_has_a_name);
	suite_add_tcase(suite, tc);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	return 0;
}
