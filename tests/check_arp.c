/* SPDX-License-Identifier: BSD-2-Clause */
/* check_arp.c - one valid frame, one mutation per test. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "vlbd/arp.h"

/* A hello of A's for 10.77.0.1 to the router 10.77.255.254, byte by byte (RFC 826). */
static const uint8_t hello[] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* destination */
	0x02, 0x00, 0x00, 0x00, 0x00, 0x01, /* source */
	0x08, 0x06,                         /* ARP */
	0x00, 0x01, 0x08, 0x00, 0x06, 0x04, /* Ethernet, IPv4, their lengths */
	0x00, 0x02,                         /* reply */
	0x02, 0x00, 0x00, 0x00, 0x00, 0x01, /* SHA */
	10, 77, 0, 1,                       /* SPA */
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* THA */
	10, 77, 255, 254,                   /* TPA */
};

START_TEST(a_frame_is_read)
{
	struct arp arp;

	ck_assert_int_eq(arp_parse(hello, sizeof(hello), &arp), ARP_OK);
	ck_assert_int_eq(arp.op, ARP_REPLY);
	ck_assert(mac_equal(&arp.dst, &mac_broadcast));
	ck_assert(mac_equal(&arp.tha, &mac_broadcast));
	ck_assert(mac_equal(&arp.sha, &arp.src));
	ck_assert_uint_eq(ip_v4_value(&arp.spa), 0x0a4d0001);
	ck_assert_uint_eq(ip_v4_value(&arp.tpa), 0x0a4dfffe);
}
END_TEST

START_TEST(a_frame_is_written_as_it_is_read)
{
	uint8_t frame[ARP_FRAME_LEN];
	struct arp arp;

	ck_assert_int_eq(arp_parse(hello, sizeof(hello), &arp), ARP_OK);
	arp_build(&arp, frame);
	ck_assert_mem_eq(frame, hello, sizeof(hello));
	for (size_t i = sizeof(hello); i < sizeof(frame); i++)
		ck_assert_uint_eq(frame[i], 0);
}
END_TEST

START_TEST(every_truncation_is_short)
{
	struct arp arp;
	uint8_t *exact =
	    malloc((size_t)_i + 1); /* so that a sanitizer sees one byte too far */

	memcpy(exact, hello, (size_t)_i);
	ck_assert_int_eq(arp_parse(exact, (size_t)_i, &arp), ARP_SHORT);
	free(exact);
}
END_TEST

START_TEST(padding_is_not_looked_at)
{
	uint8_t frame[1514];
	struct arp arp;

	memset(frame, 0xa5, sizeof(frame));
	memcpy(frame, hello, sizeof(hello));
	ck_assert_int_eq(arp_parse(frame, sizeof(frame), &arp), ARP_OK);
	ck_assert(!arp.note.present);
}
END_TEST

/* The hello with the note: demoted, the address should stay for 179 s, a plan, and a
 * cluster. */
static size_t
noted(uint8_t frame[ARP_FRAME_LEN])
{
	static const uint8_t note[] = { 'v', 'l', 'b', 1, 18, 1, 179, 0xfe, 2, 3, 4, 5, 6,
		7, 0xca, 0xfe, 1, 2 };

	memset(frame, 0, ARP_FRAME_LEN);
	memcpy(frame, hello, sizeof(hello));
	memcpy(frame + sizeof(hello), note, sizeof(note));
	return sizeof(hello) + sizeof(note);
}

START_TEST(a_note_is_read_and_written)
{
	uint8_t frame[ARP_FRAME_LEN], again[ARP_FRAME_LEN];
	struct arp arp;

	noted(frame);
	ck_assert_int_eq(arp_parse(frame, sizeof(frame), &arp), ARP_OK);
	ck_assert(arp.note.present);
	ck_assert(arp.note.demoted);
	ck_assert_uint_eq(arp.note.stay_s, 179);
	ck_assert_uint_eq(arp.note.plan, UINT64_C(0xfe020304050607));
	ck_assert_uint_eq(arp.note.cluster, 0xcafe0102);
	arp_build(&arp, again);
	ck_assert_mem_eq(frame, again, sizeof(frame));
	arp.note.demoted = false;
	arp_build(&arp, again);
	ck_assert_int_eq(arp_parse(again, sizeof(again), &arp), ARP_OK);
	ck_assert(arp.note.present);
	ck_assert(!arp.note.demoted);
}
END_TEST

/* A later version's note is longer; flags that are not known are not looked at. */
START_TEST(a_longer_note_is_read_as_far_as_it_is_known)
{
	uint8_t frame[ARP_FRAME_LEN + 8] = { 0 };
	struct arp arp;

	noted(frame);
	frame[46] = 26;
	frame[47] = 0xfe;
	frame[60] = 0xff;
	ck_assert_int_eq(arp_parse(frame, sizeof(frame), &arp), ARP_OK);
	ck_assert(arp.note.present);
	ck_assert(!arp.note.demoted);
	ck_assert_uint_eq(arp.note.cluster, 0xcafe0102);
}
END_TEST

/* Without the digests, or with a part of them only, as earlier versions wrote it. */
START_TEST(a_shorter_note_tells_less)
{
	uint8_t frame[ARP_FRAME_LEN];
	struct arp arp;

	for (uint8_t len = 7; len < 18; len++) {
		noted(frame);
		frame[46] = len;
		ck_assert_int_eq(arp_parse(frame, sizeof(frame), &arp), ARP_OK);
		ck_assert(arp.note.present);
		ck_assert(arp.note.demoted);
		ck_assert_uint_eq(
		    arp.note.plan, len < 14 ? 0 : UINT64_C(0xfe020304050607));
		ck_assert_uint_eq(arp.note.cluster, 0);
	}
}
END_TEST

START_TEST(a_note_that_is_not_whole_is_none)
{
	static const struct {
		size_t at;
		uint8_t value;
	} spoilt[] = { { 42, 'V' }, { 43, 0 }, { 44, 0 }, { 45, 2 }, { 45, 0 }, { 46, 6 },
		{ 46, 19 }, { 46, 255 }, { 46, 0 } };
	uint8_t frame[ARP_FRAME_LEN];
	struct arp arp;
	size_t len = noted(frame);

	for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
		noted(frame);
		frame[spoilt[i].at] = spoilt[i].value;
		ck_assert_int_eq(arp_parse(frame, sizeof(frame), &arp), ARP_OK);
		ck_assert(!arp.note.present);
		ck_assert(!arp.note.demoted);
	}
	noted(frame);
	for (size_t cut = sizeof(hello); cut < len; cut++) {
		uint8_t *exact = malloc(cut);
		memcpy(exact, frame, cut);
		ck_assert_int_eq(arp_parse(exact, cut, &arp), ARP_OK);
		ck_assert(!arp.note.present);
		free(exact);
	}
	ck_assert_int_eq(arp_parse(frame, len, &arp), ARP_OK);
	ck_assert(arp.note.present);
}
END_TEST

static const struct {
	size_t at;
	uint8_t value;
	enum arp_verdict verdict;
} mutations[] = {
	{ 12, 0x81, ARP_OTHER },        /* 0x8106 */
	{ 13, 0x00, ARP_OTHER },        /* IPv4 */
	{ 15, 0x06, ARP_OK },           /* IEEE 802 */
	{ 15, 0x07, ARP_BAD_HARDWARE }, /* ARCNET */
	{ 14, 0x01, ARP_BAD_HARDWARE }, { 18, 0x08, ARP_BAD_HARDWARE },
	{ 18, 0x00, ARP_BAD_HARDWARE }, { 16, 0x86, ARP_BAD_PROTOCOL },
	{ 19, 0x10, ARP_BAD_PROTOCOL }, { 21, 0x03, ARP_BAD_OP }, /* RARP */
	{ 21, 0x00, ARP_BAD_OP }, { 20, 0x01, ARP_BAD_OP },
	{ 27, 0x02, ARP_OK }, /* SHA is not the Ethernet source: a VRRP router's */
	{ 11, 0x02, ARP_OK },
	{ 22, 0x03, ARP_OK }, /* SHA is a group: a cluster of firewalls */
};

START_TEST(one_wrong_field_is_named)
{
	uint8_t frame[sizeof(hello)];
	struct arp arp;

	memcpy(frame, hello, sizeof(hello));
	frame[mutations[_i].at] = mutations[_i].value;
	ck_assert_int_eq(arp_parse(frame, sizeof(frame), &arp), mutations[_i].verdict);
}
END_TEST

/* What a tag's identifier makes of a frame: 0 is a priority alone. */
static const struct {
	uint8_t tags[16];
	size_t len;
	enum arp_verdict verdict;
} tagged[] = {
	{ { 0x81, 0x00, 0x00, 0x07 }, 4, ARP_TAGGED },
	{ { 0x88, 0xa8, 0x00, 0x07 }, 4, ARP_TAGGED },
	{ { 0x81, 0x00, 0x01, 0x00 }, 4, ARP_TAGGED }, /* VID 256 */
	{ { 0x81, 0x00, 0xe0, 0x07 }, 4, ARP_TAGGED },
	{ { 0x81, 0x00, 0x00, 0x00 }, 4, ARP_OK },
	{ { 0x81, 0x00, 0xf0, 0x00 }, 4, ARP_OK }, /* PCP 7, DEI */
	{ { 0x88, 0xa8, 0x60, 0x00 }, 4, ARP_OK },
	{ { 0x88, 0xa8, 0x00, 0x00, 0x81, 0x00, 0x20, 0x00 }, 8, ARP_OK },
	{ { 0x81, 0x00, 0x00, 0x00, 0x81, 0x00, 0x00, 0x07 }, 8, ARP_TAGGED },
	{ { 0x81, 0x00, 0x00, 0x00, 0x81, 0x00, 0x00, 0x00, 0x88, 0xa8, 0x00, 0x00, 0x81,
	      0x00, 0x00, 0x00 },
	    16, ARP_OK }, /* any number of them */
	{ { 0x81, 0x00, 0x00, 0x00, 0x81, 0x00, 0x00, 0x00, 0x81, 0x00, 0x00, 0x07 }, 12,
	    ARP_TAGGED },
	{ { 0x91, 0x00, 0x00, 0x00 }, 4, ARP_OTHER }, /* no kernel knows it as a tag */
};

START_TEST(tags_with_an_identifier_belong_to_another_interface)
{
	uint8_t frame[sizeof(hello) + sizeof(tagged[0].tags)];
	size_t len = sizeof(hello) + tagged[_i].len;
	struct arp arp;

	memcpy(frame, hello, 12);
	memcpy(frame + 12, tagged[_i].tags, tagged[_i].len);
	memcpy(frame + 12 + tagged[_i].len, hello + 12, sizeof(hello) - 12);
	ck_assert_int_eq(arp_parse(frame, len, &arp), tagged[_i].verdict);
	if (tagged[_i].verdict == ARP_OK) {
		ck_assert(mac_equal(&arp.src, &arp.sha));
		ck_assert_uint_eq(ip_v4_value(&arp.tpa), 0x0a4dfffe);
	}
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *exact = malloc(cut + 1);
		memcpy(exact, frame, cut);
		ck_assert_int_ne(arp_parse(exact, cut, &arp), ARP_OK);
		free(exact);
	}
}
END_TEST

START_TEST(a_station_is_known_by_its_sender_hardware_address)
{
	uint8_t frame[sizeof(hello)];
	struct arp arp;

	memcpy(frame, hello, sizeof(hello));
	memset(frame + 6, 0x02, 6);
	ck_assert_int_eq(arp_parse(frame, sizeof(frame), &arp), ARP_OK);
	ck_assert_uint_eq(arp.sha.byte[5], 1);
	ck_assert_uint_eq(arp.src.byte[5], 2);
}
END_TEST

START_TEST(every_verdict_has_a_name)
{
	for (int v = 0; v < ARP_VERDICTS; v++)
		ck_assert_ptr_nonnull(arp_verdict_name((enum arp_verdict)v));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("arp");
	TCase *tc = tcase_create("frames");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tc, a_frame_is_read);
	tcase_add_test(tc, a_frame_is_written_as_it_is_read);
	tcase_add_loop_test(tc, every_truncation_is_short, 0, (int)sizeof(hello));
	tcase_add_test(tc, padding_is_not_looked_at);
	tcase_add_test(tc, a_note_is_read_and_written);
	tcase_add_test(tc, a_longer_note_is_read_as_far_as_it_is_known);
	tcase_add_test(tc, a_shorter_note_tells_less);
	tcase_add_test(tc, a_note_that_is_not_whole_is_none);
	tcase_add_loop_test(tc, one_wrong_field_is_named, 0,
	    (int)(sizeof(mutations) / sizeof(mutations[0])));
	tcase_add_loop_test(tc, tags_with_an_identifier_belong_to_another_interface, 0,
	    (int)(sizeof(tagged) / sizeof(tagged[0])));
	tcase_add_test(tc, a_station_is_known_by_its_sender_hardware_address);
	tcase_add_test(tc, every_verdict_has_a_name);
	suite_add_tcase(suite, tc);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	return 0;
}
