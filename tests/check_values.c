/* SPDX-License-Identifier: BSD-2-Clause */
/* check_values.c - hardware and network addresses as values: mac.c and ip.c.
 *
 * Texts that are addresses and texts that nearly are, in tables; both directions. */
#include "vlbd/ip.h"
#include "vlbd/mac.h"

#include <check.h>
#include <string.h>

static const char *const bad_macs[] = {
	"",
	"0",
	"02",
	"02:00:00:00:00",
	"02:00:00:00:00:",
	"02:00:00:00:00:1",
	"02:00:00:00:00:01:",
	"02:00:00:00:00:01:02",
	"02:00:00:00:00:01 ",
	" 02:00:00:00:00:01",
	"02-00-00-00-00-01",
	"02:00:00:00:00:0g",
	"020000000001",
	"2:0:0:0:0:1",
};

START_TEST(a_bad_mac_is_refused)
{
	struct mac mac = { { 1, 2, 3, 4, 5, 6 } };
	struct mac before = mac;

	ck_assert_msg(!mac_parse(bad_macs[_i], &mac), "%s", bad_macs[_i]);
	ck_assert_msg(mac_equal(&mac, &before), "changed by %s", bad_macs[_i]);
}
END_TEST

START_TEST(a_mac_is_read_and_printed)
{
	struct mac mac;
	char text[MAC_TEXT];

	ck_assert(mac_parse("02:aB:Cd:09:90:fF", &mac));
	ck_assert_mem_eq(mac.byte, "\x02\xab\xcd\x09\x90\xff", MAC_LEN);
	ck_assert_str_eq(mac_format(&mac, text), "02:ab:cd:09:90:ff");
	ck_assert_ptr_eq(mac_format(&mac, text), text);
}
END_TEST

START_TEST(kinds_of_macs_are_known)
{
	struct mac host = { { 0x02, 0, 0, 0, 0, 1 } };
	struct mac group = { { 0x01, 0, 0x5e, 0, 0, 1 } };
	struct mac last = { { 0, 0, 0, 0, 0, 1 } };

	ck_assert(mac_is_zero(&mac_zero));
	ck_assert(!mac_is_zero(&last));
	ck_assert(mac_is_group(&mac_broadcast));
	ck_assert(mac_is_group(&group));
	ck_assert(!mac_is_group(&host));
	ck_assert(!mac_is_group(&mac_zero));
	ck_assert(!mac_equal(&host, &last));
}
END_TEST

static const char *const bad_ips[] = {
	"",
	".",
	"10",
	"10.77.0",
	"10.77.0.",
	".10.77.0.1",
	"10..0.1",
	"10.77.0.1.",
	"10.77.0.1.2",
	"10.77.0.256",
	"10.77.0.1000",
	"10.77.0.4294967297",
	"10.77.0.01",
	"010.77.0.1",
	"10.77.0.1 ",
	" 10.77.0.1",
	"10.77.0.-1",
	"10.77.0.+1",
	"10.77.0.0x1",
	"10.77.0.1/32",
	"fe80::1",
	"a.b.c.d",
};

START_TEST(a_bad_ip_is_refused)
{
	struct ip ip = ip_v4(7);

	ck_assert_msg(!ip_parse(bad_ips[_i], &ip), "%s", bad_ips[_i]);
	ck_assert_msg(ip_v4_value(&ip) == 7, "changed by %s", bad_ips[_i]);
}
END_TEST

static const struct {
	const char *text;
	uint32_t value;
} good_ips[] = {
	{ "0.0.0.1", 1 },
	{ "10.77.0.30", 0x0a4d001e },
	{ "203.0.113.255", 0xcb0071ff },
	{ "255.255.255.255", 0xffffffff },
};

START_TEST(an_ip_is_read_and_printed)
{
	struct ip ip;
	char text[IP_TEXT];

	ck_assert(ip_parse(good_ips[_i].text, &ip));
	ck_assert_uint_eq(ip.family, IP_V4);
	ck_assert_uint_eq(ip_v4_value(&ip), good_ips[_i].value);
	ck_assert_str_eq(ip_format(&ip, text), good_ips[_i].text);

	struct ip made = ip_v4(good_ips[_i].value);
	ck_assert(ip_equal(&made, &ip));
}
END_TEST

START_TEST(ips_have_an_order)
{
	struct ip none = { .family = IP_NONE };
	struct ip low = ip_v4(0x0a4d00ff);
	struct ip high = ip_v4(0x0a4d0100);
	struct ip six = { .family = IP_V6, .byte = { 1 } };

	ck_assert_int_lt(ip_compare(&low, &high), 0);
	ck_assert_int_gt(ip_compare(&high, &low), 0);
	ck_assert_int_eq(ip_compare(&low, &low), 0);
	ck_assert_int_lt(ip_compare(&none, &low), 0);
	ck_assert_int_lt(ip_compare(&high, &six), 0);
	ck_assert(!ip_equal(&low, &high));
	/* The same bytes in another family are another address. */
	struct ip other = low;
	other.family = IP_V6;
	ck_assert(!ip_equal(&low, &other));
}
END_TEST

START_TEST(none_and_six_are_printed)
{
	struct ip none = { .family = IP_NONE };
	struct ip zero = ip_v4(0);
	struct ip six = { .family = IP_V6,
		.byte = {
		    0xfe, 0x80, [8] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
	char text[IP_TEXT];

	ck_assert(ip_is_none(&none));
	ck_assert(ip_is_none(&zero));
	ck_assert(!ip_is_none(&six));
	ck_assert_str_eq(ip_format(&none, text), "-");
	ck_assert_str_eq(ip_format(&zero, text), "-");
	ck_assert_str_eq(ip_format(&six, text), "fe80:0:0:0:ffff:ffff:ffff:ffff");
	ck_assert_uint_eq(ip_v4_value(&six), 0);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

int
main(void)
{
	Suite *suite = suite_create("values");
	TCase *mac = tcase_create("mac");
	TCase *ip = tcase_create("ip");

	tcase_add_loop_test(mac, a_bad_mac_is_refused, 0, COUNT(bad_macs));
	tcase_add_test(mac, a_mac_is_read_and_printed);
	tcase_add_test(mac, kinds_of_macs_are_known);
	suite_add_tcase(suite, mac);
	tcase_add_loop_test(ip, a_bad_ip_is_refused, 0, COUNT(bad_ips));
	tcase_add_loop_test(ip, an_ip_is_read_and_printed, 0, COUNT(good_ips));
	tcase_add_test(ip, ips_have_an_order);
	tcase_add_test(ip, none_and_six_are_printed);
	suite_add_tcase(suite, ip);

	SRunner *runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT); /* the TAP carries the verdict */
	srunner_free(runner);
	return 0;
}
