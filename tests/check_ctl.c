/* SPDX-License-Identifier: BSD-2-Clause */
/* check_ctl.c - the control protocol and the log lines: other people's scripts read both.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "vlbd/ctl.h"

static struct cluster *cl;
static char text[65536];

static void
setup(void)
{
	cl = cluster_new(3, NULL);
	cluster_start_all(cl);
}

static void
teardown(void)
{
	cluster_free(cl);
}

static const char *
ask(enum ctl_command command, bool json)
{
	struct ctl_request request = { command, json };
	size_t len =
	    ctl_answer(cl->server[0].engine, &request, cl->now_ns, text, sizeof(text));

	ck_assert_uint_eq(len, strlen(text));
	return text;
}

START_TEST(requests_are_read)
{
	struct ctl_request request;
	char error[200];

	ck_assert(ctl_parse("status", &request, error, sizeof(error)));
	ck_assert_int_eq(request.command, CTL_STATUS);
	ck_assert(!request.json);
	ck_assert(ctl_parse("addresses --json", &request, error, sizeof(error)));
	ck_assert_int_eq(request.command, CTL_ADDRESSES);
	ck_assert(request.json);
	ck_assert(!ctl_parse("", &request, error, sizeof(error)));
	ck_assert(!ctl_parse("stat", &request, error, sizeof(error)));
	ck_assert(!ctl_parse("status --yaml", &request, error, sizeof(error)));
	ck_assert_str_eq(error, "status takes nothing but --json");
}
END_TEST

START_TEST(status_has_the_promised_shape)
{
	const char *json = ask(CTL_STATUS, true);

	ck_assert_ptr_nonnull(strstr(json, "{\"version\":1,\"server\":\"A\","));
	ck_assert_ptr_nonnull(strstr(json, "\"standing\":\"serving\""));
	ck_assert_ptr_nonnull(strstr(json,
	    "{\"address\":\"10.77.0.1\",\"tier\":0,\"state\":\"PRIMARY\",\"phase\":"
	    "\"serve\",\"owner\":\"A\",\"configured\":true,\"confirmed\":true,"));
	ck_assert_ptr_nonnull(strstr(
	    json, "{\"address\":\"10.77.0.3\",\"tier\":1,\"state\":\"WATCHING\","));
	ck_assert_ptr_nonnull(strstr(
	    json, "{\"name\":\"B\",\"state\":\"ALIVE\",\"mac\":\"02:00:00:00:00:02\","));
	ck_assert_ptr_nonnull(strstr(json, "\"addresses\":2,\"plan\":\""));
	ck_assert_ptr_nonnull(strstr(json, "\"counters\":{\"received\":{\"ok\":"));
	ck_assert_int_eq(json[strlen(json) - 1], '\n');
}
END_TEST

START_TEST(tables_name_everybody)
{
	ck_assert_ptr_nonnull(strstr(ask(CTL_PEERS, false), "B            ALIVE"));
	ck_assert_ptr_nonnull(strstr(ask(CTL_ADDRESSES, false),
	    "10.77.0.1       A               0 PRIMARY   yes"));
	ck_assert_ptr_nonnull(
	    strstr(ask(CTL_STATUS, false), "A of cluster vlb on eth1: serving"));
}
END_TEST

START_TEST(a_short_buffer_is_told_the_whole_length)
{
	struct ctl_request request = { CTL_STATUS, true };
	size_t whole = strlen(ask(CTL_STATUS, true));
	char *exact = malloc(whole + 1);

	ck_assert_uint_eq(
	    ctl_answer(cl->server[0].engine, &request, cl->now_ns, NULL, 0), whole);
	for (size_t size = 1; size < whole; size += 97) {
		ck_assert_uint_eq(
		    ctl_answer(cl->server[0].engine, &request, cl->now_ns, exact, size),
		    whole);
		ck_assert_uint_eq(strlen(exact), size - 1);
	}
	free(exact);
}
END_TEST

START_TEST(log_lines_are_as_promised)
{
	struct report claimed = {
		.kind = REPORT_STATE,
		.ip = cluster_ip(6),
		.from = WATCHING,
		.to = CLAIMED,
		.reason = { REASON_DEAD, 1, 152 * MS_NS, 5 },
	};
	struct report confirmed = {
		.kind = REPORT_CONFIRMED,
		.ip = cluster_ip(6),
		.router = ip_v4(0x0a4dfffe),
		.took_ns = 1234567,
	};

	report_format(&claimed, cl->conf, text, sizeof(text));
	ck_assert_str_eq(text,
	    "10.77.0.6: WATCHING -> CLAIMED (B dead: silent 152ms, 5 probes unanswered)");
	report_format(&confirmed, cl->conf, text, sizeof(text));
	ck_assert_str_eq(text, "10.77.0.6: confirmed by 10.77.255.254 after 1.2ms");
}
END_TEST

START_TEST(every_report_and_every_reason_has_words)
{
	for (int kind = 0; kind < REPORTS; kind++)
		for (int reason = 0; reason < REASONS; reason++) {
			struct report report = {
				.kind = (enum report_kind)kind,
				.server = 1,
				.error = 1,
				.reason = { (enum reason_kind)reason, 2, SEC_NS, 3 },
			};
			ck_assert_int_gt(
			    report_format(&report, cl->conf, text, sizeof(text)), 0);
			ck_assert_int_ne(report_level(&report), 0);
			report.server = report.reason.server = CONF_NONE;
			ck_assert_int_gt(
			    report_format(&report, cl->conf, text, sizeof(text)), 0);
		}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ctl");
	TCase *tc = tcase_create("ctl");
	SRunner *runner = srunner_create(suite);

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, requests_are_read);
	tcase_add_test(tc, status_has_the_promised_shape);
	tcase_add_test(tc, tables_name_everybody);
	tcase_add_test(tc, a_short_buffer_is_told_the_whole_length);
	tcase_add_test(tc, log_lines_are_as_promised);
	tcase_add_test(tc, every_report_and_every_reason_has_words);
	suite_add_tcase(suite, tc);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	return 0;
}
