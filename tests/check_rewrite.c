/* SPDX-License-Identifier: BSD-2-Clause */
/* check_rewrite.c - the pure parts of vlbplan that are about text: ranges.c, rewrite.c,
 * and the words of options.c.
 *
 * rewrite() gets two files that say different things: what comes out must be the first
 * one's text with the second one's lists in it, to the byte. */
#include "rewrite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "options.h"
#include "ranges.h"

/* --- words and ranges --------------------------------------------------------------- */

static const struct {
	const char *item;
	uint32_t first, last; /* both 0: it is wrong */
	const char *text;     /* written again; wrong: what is said */
} ranges[] = {
	{ "10.77.0.7", 0x0a4d0007, 0x0a4d0007, "10.77.0.7" },
	{ "10.77.0.1-5", 0x0a4d0001, 0x0a4d0005, "10.77.0.1-5" },
	{ "10.77.0.7-7", 0x0a4d0007, 0x0a4d0007, "10.77.0.7" },
	{ "10.77.0.0-255", 0x0a4d0000, 0x0a4d00ff, "10.77.0.0-255" },
	{ "10.77.0.1-10.77.0.5", 0x0a4d0001, 0x0a4d0005, "10.77.0.1-5" },
	{ "10.77.0.250-10.77.1.5", 0x0a4d00fa, 0x0a4d0105, "10.77.0.250-10.77.1.5" },
	{ "223.255.255.255", 0xdfffffff, 0xdfffffff, "223.255.255.255" },
	{ "", 0, 0, "`' is no address; write one such as 10.77.0.7" },
	{ "10.77.0", 0, 0, "is no address" },
	{ "10.77.0.1-256", 0, 0, "has no good end; write its last byte (10.77.0.1-30)" },
	{ "10.77.0.1-0005", 0, 0, "has no good end" },
	{ "10.77.0.1--5", 0, 0, "has no good end" },
	{ "10.77.0.5-1", 0, 0, "ends before it begins" },
	{ "10.77.0.5-10.77.0.1", 0, 0, "ends before it begins" },
	{ "0.0.0.1", 0, 0, "that no host can have" },
	{ "127.0.0.1", 0, 0, "that no host can have" },
	{ "223.255.255.254-224.0.0.1", 0, 0, "that no host can have" },
};

START_TEST(a_range_is_read_and_written)
{
	struct range range = { 0, 0 };
	char why[200] = "", text[RANGE_TEXT];

	bool good = range_parse(ranges[_i].item, &range, why, sizeof why);
	ck_assert_uint_eq(range.first, ranges[_i].first);
	ck_assert_uint_eq(range.last, ranges[_i].last);
	ck_assert_int_eq(good, ranges[_i].last != 0);
	if (good)
		ck_assert_str_eq(range_format(&range, text), ranges[_i].text);
	else
		ck_assert_msg(strstr(why, ranges[_i].text) != NULL, "%s", why);
}
END_TEST

START_TEST(words_are_walked_over_all_lists)
{
	struct words words = { 3, { "A, B", "C", "D,,E " } };
	const char *const wanted[] = { "A", "B", "C", "D", "", "E" };
	const char *rest = NULL;
	char item[8];
	unsigned at = 0, count = 0;

	while (words_next(&words, &at, &rest, item, sizeof item))
		ck_assert_str_eq(item, wanted[count++]);
	ck_assert_uint_eq(count, 6);
}
END_TEST

START_TEST(a_word_that_is_too_long_is_cut_and_no_longer_right)
{
	struct words words = { 1, { "0123456789" } };
	const char *rest = NULL;
	char item[4];
	unsigned at = 0, number;

	ck_assert(words_next(&words, &at, &rest, item, sizeof item));
	ck_assert_str_eq(item, "012");
	ck_assert(word_number("4096", 4096, &number));
	ck_assert_uint_eq(number, 4096);
	ck_assert(!word_number("4097", 4096, &number));
	ck_assert(!word_number("4294967297", UINT32_MAX, &number));
	ck_assert(!word_number("-1", 10, &number));
	ck_assert(!word_number("", 10, &number));
	ck_assert(!word_number("1x", 10, &number));
}
END_TEST

/* --- rewriting ---------------------------------------------------------------------- */

#define A(lists) "[server A]\nmac = 02:00:00:00:00:01\n" lists
#define B(lists) "[server B]\nmac = 02:00:00:00:00:02\n" lists
#define C(lists) "[server C]\nmac = 02:00:00:00:00:03\n" lists

/* clang-format off */
static const struct {
	const char *name;
	const char *before, *after, *wanted;
} cases[] = {
	{ "nothing differs",
	  "# x\n" A("primary=10.77.0.1 ;y\n") "\n\n" B("secondary : 10.77.0.1\n") ";z",
	  A("primary = 10.77.0.1\n") B("secondary = 10.77.0.1\n"),
	  "# x\n" A("primary=10.77.0.1 ;y\n") "\n\n" B("secondary : 10.77.0.1\n") ";z\n" },
	{ "a list that changes",
	  A("\tprimary   = 10.77.0.1-2 ; mine\n") B("secondary=10.77.0.1-2 # too\n"),
	  A("primary = 10.77.0.1\nsecondary = 10.77.0.2\n")
	  B("secondary = 10.77.0.1\nprimary = 10.77.0.2\n"),
	  A("\tprimary   = 10.77.0.1 ; mine\n\tsecondary = 10.77.0.2\n")
	  B("secondary=10.77.0.1 # too\nprimary=10.77.0.2\n") },
	{ "a list in two lines becomes one, and both comments stay",
	  A("primary = 10.77.0.1 ; one\n# two\nprimary = 10.77.0.5 ; three\n")
	  B("secondary = 10.77.0.1, 10.77.0.5\n"),
	  A("primary = 10.77.0.1,10.77.0.5,10.77.0.9\n")
	  B("secondary = 10.77.0.1,10.77.0.5,10.77.0.9\n"),
	  A("primary = 10.77.0.1, 10.77.0.5, 10.77.0.9 ; one\n# two\n; three\n")
	  B("secondary = 10.77.0.1, 10.77.0.5, 10.77.0.9\n") },
	{ "a list that goes leaves its comment",
	  A("primary = 10.77.0.1\ntertiary = 10.77.0.2 ; gone\n")
	  B("primary = 10.77.0.2\nsecondary = 10.77.0.1\n")
	  C("secondary = 10.77.0.2\ntertiary = 10.77.0.1\n"),
	  A("primary = 10.77.0.1\n")
	  B("primary = 10.77.0.2\nsecondary = 10.77.0.1\n") C("secondary = 10.77.0.2\n"),
	  A("primary = 10.77.0.1\n; gone\n")
	  B("primary = 10.77.0.2\nsecondary = 10.77.0.1\n") C("secondary = 10.77.0.2\n") },
	{ "tier1 is primary by another name",
	  A("tier1 = 10.77.0.1\n") B("tier2 = 10.77.0.1\n"),
	  A("primary = 10.77.0.1-2\n") B("secondary = 10.77.0.1-2\n"),
	  A("tier1 = 10.77.0.1-2\n") B("tier2 = 10.77.0.1-2\n") },
	{ "a server that goes, with what is inside its section and no more",
	  A("primary = 10.77.0.1\n") "\n# of B\n" B("# inside\nsecondary = 10.77.0.1\n")
	  "# behind B\n\n[timing]\nhello = 1s\n",
	  A("primary = 10.77.0.1\n"),
	  A("primary = 10.77.0.1\n") "\n# of B\n# behind B\n\n[timing]\nhello = 1s\n" },
	{ "the last server goes, and one blank line is enough",
	  A("primary = 10.77.0.1\n") "\n" B("secondary = 10.77.0.1\n") "\n[timing]\n",
	  A("primary = 10.77.0.1\n"),
	  A("primary = 10.77.0.1\n") "\n[timing]\n" },
	{ "a new server comes behind the last one and what belongs to it",
	  A("primary = 10.77.0.1\n") "# of A, too\n\n# of timing\n[timing]\n",
	  A("primary = 10.77.0.1\n") B("secondary = 10.77.0.1\n"),
	  A("primary = 10.77.0.1\n") "# of A, too\n\n"
	  "[server B]\nmac       = 02:00:00:00:00:02\nsecondary = 10.77.0.1\n"
	  "\n# of timing\n[timing]\n" },
	{ "a comment that belongs to the next section stays with it",
	  A("primary = 10.77.0.1\n") "# of timing\n[timing]\n",
	  A("primary = 10.77.0.1\n") B("secondary = 10.77.0.1\n"),
	  A("primary = 10.77.0.1\n")
	  "\n[server B]\nmac       = 02:00:00:00:00:02\nsecondary = 10.77.0.1\n"
	  "# of timing\n[timing]\n" },
	{ "hardware addresses, weights and racks",
	  A("weight=2 ;\nprimary = 10.77.0.1\n") B("secondary = 10.77.0.1\n"),
	  "[server A]\nmac = FILL-IN\nweight = 3\nrack = r\nprimary = 10.77.0.1\n"
	  "[server B]\nmac = 02:00:00:00:00:02,02:00:00:00:01:02\nweight = 0\n"
	  "secondary = 10.77.0.1\n",
	  "[server A]\nmac = FILL-IN\nweight=3 ;\nprimary = 10.77.0.1\nrack    = r\n"
	  "[server B]\nmac = 02:00:00:00:00:02, 02:00:00:00:01:02\n"
	  "secondary = 10.77.0.1\nweight    = 0\n" },
	{ "[plan] goes, and its lists come",
	  "[cluster]\nname = x\n\n[plan]\n# inside\naddresses = 10.77.0.1-2\ntiers = 2\n\n"
	  A("") "\n" B(""),
	  A("primary = 10.77.0.1\nsecondary = 10.77.0.2\n")
	  B("primary = 10.77.0.2\nsecondary = 10.77.0.1\n"),
	  "[cluster]\nname = x\n\n" A("primary = 10.77.0.1\nsecondary = 10.77.0.2\n") "\n"
	  B("primary = 10.77.0.2\nsecondary = 10.77.0.1\n") },
	{ "lines that end as on other systems, and no end of the last one",
	  "[server A]\r\nmac = 02:00:00:00:00:01\r\nprimary = 10.77.0.1\r\n"
	  "[server B]\r\nmac = 02:00:00:00:00:02\r\nsecondary = 10.77.0.1",
	  A("primary = 10.77.0.1-2\n") B("secondary = 10.77.0.1-2\n"),
	  "[server A]\r\nmac = 02:00:00:00:00:01\r\nprimary = 10.77.0.1-2\r\n"
	  "[server B]\r\nmac = 02:00:00:00:00:02\r\nsecondary = 10.77.0.1-2\r\n" },
	{ "a mark of the byte order",
	  "\xef\xbb\xbf" A("primary = 10.77.0.1\n"), A("primary = 10.77.0.2\n"),
	  "\xef\xbb\xbf" A("primary = 10.77.0.2\n") },
};
/* clang-format on */

static struct conf *
load(const char *text)
{
	struct conf *conf = calloc(1, sizeof *conf);
	char *copy = strdup(text);
	FILE *file = fmemopen(copy, strlen(copy), "r");

	ck_assert(conf != NULL && file != NULL);
	ck_assert_msg(load_stream(file, "text", true, conf) == 0, "%s", text);
	fclose(file);
	free(copy);
	return conf;
}

static char *
rewritten(const char *text, const struct conf *before, const struct conf *after)
{
	char *out = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&out, &size);

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(rewrite(file, text, strlen(text), before, after), 0);
	fclose(file);
	return out;
}

START_TEST(a_text_is_rewritten)
{
	struct conf *before = load(cases[_i].before), *after = load(cases[_i].after);
	char *out = rewritten(cases[_i].before, before, after);

	ck_assert_msg(strcmp(out, cases[_i].wanted) == 0, "%s:\n%s", cases[_i].name, out);
	/* It says what it should, and saying it again changes nothing. */
	struct conf *again = load(out);
	ck_assert_uint_eq(conf_digest(again), conf_digest(after));
	char *twice = rewritten(out, again, after);
	ck_assert_str_eq(twice, out);
	free(twice);
	free(again);
	free(out);
	free(after);
	free(before);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rewrite");
	TCase *tc = tcase_create("text");

	tcase_add_loop_test(
	    tc, a_range_is_read_and_written, 0, sizeof ranges / sizeof ranges[0]);
	tcase_add_test(tc, words_are_walked_over_all_lists);
	tcase_add_test(tc, a_word_that_is_too_long_is_cut_and_no_longer_right);
	tcase_add_loop_test(tc, a_text_is_rewritten, 0, sizeof cases / sizeof cases[0]);
	suite_add_tcase(suite, tc);

	SRunner *runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	return 0;
}
