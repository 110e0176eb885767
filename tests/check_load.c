/* SPDX-License-Identifier: BSD-2-Clause */
/* check_load.c - the door to inih: load.c.
 *
 * Files are written, loaded, and what was said on stderr is compared. The examples are
 * loaded too, so that they stay right. */
#include "load.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[256];
static char path[300];
static struct conf *conf;
static char said[65536];

static void
begin(void)
{
	const char *where = getenv("TMPDIR");

	snprintf(directory, sizeof directory, "%.200s/check_load.XXXXXX",
	    where != NULL ? where : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/vlb.ini", directory);
	conf = malloc(sizeof *conf);
	ck_assert_ptr_nonnull(conf);
}

static void
end(void)
{
	free(conf);
	unlink(path);
	rmdir(directory);
}

static void
write_bytes(const char *bytes, size_t len)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

/* Load FILE; what it says is in said[], without the file's name in front of each line. */
static int
load(const char *file)
{
	FILE *capture = tmpfile();
	int stderr_fd = dup(STDERR_FILENO);

	ck_assert(capture != NULL && stderr_fd >= 0);
	ck_assert_int_ge(dup2(fileno(capture), STDERR_FILENO), 0);
	int result = load_file(file, conf);
	fflush(stderr);
	ck_assert_int_ge(dup2(stderr_fd, STDERR_FILENO), 0);
	close(stderr_fd);

	char line[1024];
	size_t used = 0;
	said[0] = '\0';
	rewind(capture);
	while (fgets(line, sizeof line, capture) != NULL) {
		size_t prefix = strlen(file) + 1;
		ck_assert_msg(strncmp(line, file, prefix - 1) == 0, "%s", line);
		ck_assert_msg(line[prefix - 1] == ':', "%s", line);
		ck_assert_msg(line[strlen(line) - 1] == '\n', "%s", line);
		used += (size_t)snprintf(
		    said + used, sizeof said - used, "%s", line + prefix);
	}
	fclose(capture);
	return result;
}

static int
load_text(const char *text)
{
	write_bytes(text, strlen(text));
	return load(path);
}

#define MAC_A "mac = 02:00:00:00:00:01\n"
#define SERVER_A "[server A]\n" MAC_A

static const char *const good[] = {
	SERVER_A "primary = 10.77.0.1\n",
	SERVER_A "primary = 10.77.0.1",
	"[server A]\r\nmac = 02:00:00:00:00:01\r\nprimary = 10.77.0.1\r\n",
	"[server A]\r\nmac = 02:00:00:00:00:01\r\nprimary = 10.77.0.1\r",
	"\xef\xbb\xbf[server A]\n" MAC_A "primary = 10.77.0.1\n",
	"\xef\xbb\xbf; Z\xc3\xbcrich\n" SERVER_A "primary = 10.77.0.1\n",
	"; one\n# two\n  ; three\n\t# four\n" SERVER_A "primary = 10.77.0.1 ; five\n",
	SERVER_A "primary = 10.77.0.1 # five\n",
	SERVER_A "primary = 10.77.0.1\t#five; six\n",
	SERVER_A "primary = 10.77.0.1 ; five # six\n",
	"[server A] # first\n" MAC_A "primary = 10.77.0.1\n",
	"[server A]\t; first\n" MAC_A "primary = 10.77.0.1\n",
	"  [server A]  \n  mac = 02:00:00:00:00:01\n\tprimary = 10.77.0.1\n",
	"[server A]\nmac: 02:00:00:00:00:01\nprimary : 10.77.0.1\n",
	"[server A]\nmac=02:00:00:00:00:01\nprimary=10.77.0.1\n",
	"\n\n" SERVER_A "\n\nprimary = 10.77.0.1\n\n",
	"[cluster]\n[timing]\n" SERVER_A "primary = 10.77.0.1\n",
};

START_TEST(a_good_file_loads)
{
	ck_assert_msg(load_text(good[_i]) == 0, "%s\n%s", good[_i], said);
	ck_assert_str_eq(said, "");
	ck_assert_uint_eq(conf->servers, 1);
	ck_assert_str_eq(conf->server[0].name, "A");
	ck_assert_uint_eq(conf->addresses, 1);
}
END_TEST

#define NO_SERVER " no server at all; write a section [server NAME] for each server\n"
#define END_A "primary = 10.77.0.1\n"

/* Each with all that must be said. */
/* clang-format off */
static const struct {
	const char *text;
	const char *said;
} bad[] = {
	{ "", NO_SERVER },
	{ "\n", NO_SERVER },
	{ "# nothing", NO_SERVER },
	{ SERVER_A END_A "hullo\n",
	    "4: \"hullo\" is neither a [section] nor key = value; write one of them\n" },
	{ SERVER_A END_A "hullo",
	    "4: \"hullo\" is neither a [section] nor key = value; write one of them\n" },
	{ SERVER_A END_A "= 5\n",
	    "4: \"= 5\" is neither a [section] nor key = value; write one of them\n" },
	{ SERVER_A END_A "hullo\nyou\n",
	    "4: \"hullo\" is neither a [section] nor key = value; write one of them\n"
	    "5: \"you\" is neither a [section] nor key = value; write one of them\n" },
	{ SERVER_A END_A "primary =\n",
	    "4: primary: the value is missing; write one, or remove the line\n" },
	{ SERVER_A END_A "primary = ; 10.77.0.2\n",
	    "4: primary: the value is missing; write one, or remove the line\n" },
	{ SERVER_A END_A "primary = # 10.77.0.2\n",
	    "4: primary: the value is missing; write one, or remove the line\n" },
	{ SERVER_A END_A "primary = 10.77.0.2#x\n",
	    "4: primary: \"10.77.0.2#x\" is not an IPv4 address; write one such as 10.77.0.7\n" },
	{ SERVER_A END_A "  10.77.0.2\n",
	    "4: an indented line does not continue the one before; write the key again in front of \"10.77.0.2\"\n" },
	{ SERVER_A "\n    02:00:00:00:00:02\n" END_A,
	    "4: an indented line does not continue the one before; write the key again in front of \"02:00:00:00:00:02\"\n" },
	{ SERVER_A END_A "  hello = 5s\n",
	    "4: hello does not belong in [server]; move it to [timing]\n" },
	{ "[server A\n" MAC_A END_A,
	    "1: the section's head \"[server A\" has no end; write ] behind it\n" },
	{ "[server A] mac = x\n" MAC_A END_A,
	    "1: \"mac = x\" stands behind the section's head; write it in a line of its own\n" },
	{ "[zebra]\n" SERVER_A END_A,
	    "1: unknown section [zebra]; write [cluster], [timing], [plan], [server NAME], [check NAME], [notify] or [metrics]\n" },
	{ SERVER_A END_A "[zebra]",
	    "4: unknown section [zebra]; write [cluster], [timing], [plan], [server NAME], [check NAME], [notify] or [metrics]\n" },
	{ "hello = 1s\n" SERVER_A END_A,
	    "1: hello stands before any section; write [cluster], [timing], [plan] or [server NAME] above it\n" },
	{ SERVER_A END_A "hello\rprobes\n",
	    "4: a carriage return within the line; end each line with a line feed\n" },
	{ "[server A]\rmac = 02:00:00:00:00:01\r",
	    "1: a carriage return within the line; end each line with a line feed\n" },
	{ SERVER_A END_A "; \033[31m\n",
	    "4: a byte 0x1b, so this is no text; save the file as plain text (UTF-8)\n" },
	{ "x\n\x7f" "ELF\n",
	    "2: a byte 0x7f, so this is no text; save the file as plain text (UTF-8)\n" },
	{ "[cluster]\nname = Z\xc3\xbcrich\n" SERVER_A END_A,
	    "2: name: \"Z??rich\" is not a name; write at most 63 letters, digits, dots, hyphens or underscores\n" },
};
/* clang-format on */

START_TEST(a_bad_file_is_told)
{
	ck_assert_int_eq(load_text(bad[_i].text), -1);
	ck_assert_str_eq(said, bad[_i].said);
}
END_TEST

#define NAME_51 "a123456789b123456789c123456789d123456789e123456789f"

/* inih would cut both heads at 49 bytes, and so make one section of them. */
START_TEST(a_long_name_is_whole)
{
	ck_assert_msg(load_text("[server " NAME_51 "1]\n" MAC_A END_A "[server " NAME_51
				"2]\nmac = 02:00:00:00:00:02\n") == 0,
	    "%s", said);
	ck_assert_uint_eq(conf->servers, 2);
	ck_assert_str_eq(conf->server[0].name, NAME_51 "1");
	ck_assert_uint_eq(conf->server[1].macs, 1);
}
END_TEST

START_TEST(a_nul_byte_is_told)
{
	static const char text[] = SERVER_A "prim\0ary = 10.77.0.1\n";
	static const char utf16[] = "\xff\xfe[\0s\0";

	write_bytes(text, sizeof text - 1);
	ck_assert_int_eq(load(path), -1);
	ck_assert_str_eq(said,
	    "3: a byte 0x00, so this is no text; save the file as plain text (UTF-8)\n");
	write_bytes(utf16, sizeof utf16 - 1);
	ck_assert_int_eq(load(path), -1);
	ck_assert_str_eq(said,
	    "1: a byte 0x00, so this is no text; save the file as plain text (UTF-8)\n");
}
END_TEST

/* A server with a list of COUNT addresses in a line of LEN bytes. */
static void
write_long_line(size_t len, const char *comment)
{
	char text[8192];
	size_t used = (size_t)snprintf(text, sizeof text, SERVER_A "primary = 10.77.0.1");
	size_t line = strlen("primary = 10.77.0.1");

	for (; line + strlen(",10.77.0.100") <= len - strlen(",10.77.0.2");
	     line += strlen(",10.77.0.100"))
		used += (size_t)snprintf(
		    text + used, sizeof text - used, ",10.77.0.%zu", 100 + line / 12);
	/* What is left over is blanks before the last item. */
	int width = (int)(len - line - strlen("10.77.0.2"));
	snprintf(text + used, sizeof text - used, ",%*s%s\n", width - 1 + 9, "10.77.0.2",
	    comment);
	write_bytes(text, strlen(text));
}

START_TEST(a_line_may_have_197_bytes)
{
	write_long_line(197, "");
	ck_assert_msg(load(path) == 0, "%s", said);
	/* The last item of the line arrived whole. */
	struct ip ip = ip_v4(0x0a4d0002);
	ck_assert_int_eq(conf_address_by_ip(conf, &ip), 1);
	write_long_line(197, "     ; and a comment, which does not count");
	ck_assert_msg(load(path) == 0, "%s", said);
}
END_TEST

START_TEST(a_longer_line_is_refused)
{
	static const size_t lengths[] = { 198, 199, 200, 201, 400, 1023, 1024, 1025,
		2500 };

	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		write_long_line(lengths[i], i % 2 == 0 ? "" : " ; comment");
		ck_assert_int_eq(load(path), -1);
		ck_assert_str_eq(said,
		    "3: the line is longer than 197 bytes; split the list: "
		    "write its key again in the next line, with the rest\n");
	}
}
END_TEST

/* What is beyond the buffer counts too when all before it is blanks. */
START_TEST(blanks_do_not_hide_a_long_line)
{
	char text[8192];

	snprintf(
	    text, sizeof text, SERVER_A "primary = 10.77.0.1%2000s\n", ", 10.77.0.2");
	ck_assert_int_eq(load_text(text), -1);
	ck_assert_int_eq(strncmp(said, "3: the line is longer than 197 bytes;", 37), 0);
}
END_TEST

START_TEST(a_comment_may_be_long)
{
	char text[8192];
	int used = snprintf(text, sizeof text, SERVER_A END_A "; ");

	memset(text + used, 'x', sizeof text - (size_t)used - 1);
	text[sizeof text - 1] = '\0';
	ck_assert_msg(load_text(text) == 0, "%s", said);
}
END_TEST

START_TEST(a_list_may_have_many_lines)
{
	char text[8192];
	int used = snprintf(text, sizeof text, SERVER_A);

	for (int i = 1; i <= 100; i++)
		used += snprintf(text + used, sizeof text - (size_t)used,
		    i % 10 == 1 ? "\nprimary = 10.77.0.%d" : ", 10.77.0.%d", 2 * i);
	ck_assert_msg(load_text(text) == 0, "%s", said);
	ck_assert_uint_eq(conf->addresses, 100);
}
END_TEST

START_TEST(many_mistakes_are_counted)
{
	char text[8192] = SERVER_A END_A;

	for (int i = 0; i < 100; i++)
		strcat(text, "zebra = 1\n");
	ck_assert_int_eq(load_text(text), -1);
	const char *last = strstr(said, " 36 more mistakes; mend these first\n");
	ck_assert_msg(last != NULL, "%s", said);
	ck_assert_int_eq(strncmp(said, "4: unknown key zebra", 20), 0);
}
END_TEST

START_TEST(a_directory_is_told)
{
	ck_assert_int_eq(load(directory), -1);
	ck_assert_str_eq(said, " is a directory; write the path of a file\n");
}
END_TEST

START_TEST(a_missing_file_is_told)
{
	ck_assert_int_eq(load(path), -1);
	ck_assert_str_eq(said, " cannot be opened: No such file or directory\n");
}
END_TEST

START_TEST(an_unreadable_file_is_told)
{
	write_bytes(SERVER_A, strlen(SERVER_A));
	ck_assert_int_eq(chmod(path, 0), 0);
	/* Root reads everything. The fixture needs to be root again afterwards. */
	bool root = geteuid() == 0;
	if (root)
		ck_assert(chmod(directory, 0755) == 0 && seteuid(65534) == 0);
	int result = load(path);
	if (root)
		ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(result, -1);
	ck_assert_str_eq(said, " cannot be opened: Permission denied\n");
}
END_TEST

START_TEST(a_file_without_an_end_is_left)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	for (int i = 0; i < 17 * 1024; i++) {
		static char block[1024];

		memset(block, i % 2 == 0 ? '\n' : ';', sizeof block);
		ck_assert_uint_eq(fwrite(block, 1, sizeof block, file), sizeof block);
	}
	fclose(file);
	ck_assert_int_eq(load(path), -1);
	ck_assert_str_eq(
	    said, " more than 16 MiB; write the path of a vlb.ini(5) file\n");
}
END_TEST

/* The six servers and three servers of the article. */
static void
load_example(const char *name)
{
	const char *srcdir = getenv("srcdir");
	char file[4096];

	snprintf(file, sizeof file, "%s/contrib/examples/%s",
	    srcdir != NULL ? srcdir : ".", name);
	ck_assert_msg(load(file) == 0, "%s: %s", file, said);
	ck_assert_str_eq(said, "");
}

/* The article's tables, by address: the servers in the order of their tiers. */
static void
check_table(const char *const *lists, unsigned count)
{
	ck_assert_uint_eq(conf->addresses, count);
	for (unsigned i = 0; i < count; i++) {
		char list[CONF_TIERS + 1] = "";
		struct ip ip = ip_v4(0x0a4d0001 + i);

		ck_assert(ip_equal(&conf->address[i].ip, &ip));
		for (unsigned tier = 0; tier < conf->address[i].tiers; tier++)
			list[tier] = (char)('A' + conf->address[i].server[tier]);
		ck_assert_msg(strcmp(list, lists[i]) == 0, "address %u: %s, not %s",
		    i + 1, list, lists[i]);
	}
	for (unsigned i = 0; i < conf->servers; i++) {
		struct mac mac = { { 2, 0, 0, 0, 0, (uint8_t)(i + 1) } };

		ck_assert_int_eq(conf_server_by_mac(conf, &mac), (int)i);
		ck_assert_int_eq(conf->server[i].name[0], 'A' + (int)i);
	}
}

START_TEST(the_example_of_six_is_the_article)
{
	static const char *const lists[] = { "AB", "AC", "AD", "AE", "AF", "BA", "BC",
		"BD", "BE", "BF", "CA", "CB", "CD", "CE", "CF", "DA", "DB", "DC", "DE",
		"DF", "EA", "EB", "EC", "ED", "EF", "FA", "FB", "FC", "FD", "FE" };

	load_example("six-servers.ini");
	ck_assert_uint_eq(conf->servers, 6);
	ck_assert_str_eq(conf->interface, "eth1");
	ck_assert_uint_eq(conf->routers, 1);
	ck_assert_uint_eq(conf->externals, 1);
	check_table(lists, 30);
}
END_TEST

START_TEST(the_example_of_three_is_the_article)
{
	static const char *const lists[] = { "ABC", "ACB", "BAC", "BCA", "CAB", "CBA" };

	load_example("three-servers.ini");
	ck_assert_uint_eq(conf->servers, 3);
	check_table(lists, 6);
}
END_TEST

START_TEST(the_example_of_a_plan_has_lists)
{
	load_example("six-servers-plan.ini");
	ck_assert_uint_eq(conf->servers, 6);
	ck_assert_uint_eq(conf->addresses, 24);
	for (unsigned a = 0; a < conf->addresses; a++)
		ck_assert_uint_eq(conf->address[a].tiers, 6);
}
END_TEST

START_TEST(a_plan_is_made)
{
	static const char text[] = "[plan]\naddresses = 10.77.0.1-3\n"
				   "[server A]\nmac = 02:00:00:00:00:01\n"
				   "[server B]\nmac = 02:00:00:00:00:02\n"
				   "[server C]\nmac = 02:00:00:00:00:03\n";

	ck_assert_msg(load_text(text) == 0, "%s", said);
	ck_assert_str_eq(said, "");
	ck_assert_uint_eq(conf->addresses, 3);
	for (unsigned a = 0; a < 3; a++) {
		ck_assert_uint_eq(conf->address[a].tiers, 3);
		for (unsigned s = 0; s < 3; s++)
			ck_assert_int_ne(conf_tier(conf, a, s), CONF_NONE);
	}
	uint64_t digest = conf_digest(conf);
	ck_assert_int_eq(load_text(text), 0);
	ck_assert_uint_eq(conf_digest(conf), digest);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

int
main(void)
{
	Suite *suite = suite_create("load");
	TCase *tc = tcase_create("load");

	tcase_set_timeout(tc, 60); /* valgrind and 16 MiB */
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_loop_test(tc, a_good_file_loads, 0, COUNT(good));
	tcase_add_loop_test(tc, a_bad_file_is_told, 0, COUNT(bad));
	tcase_add_test(tc, a_long_name_is_whole);
	tcase_add_test(tc, a_nul_byte_is_told);
	tcase_add_test(tc, a_line_may_have_197_bytes);
	tcase_add_test(tc, a_longer_line_is_refused);
	tcase_add_test(tc, blanks_do_not_hide_a_long_line);
	tcase_add_test(tc, a_comment_may_be_long);
	tcase_add_test(tc, a_list_may_have_many_lines);
	tcase_add_test(tc, many_mistakes_are_counted);
	tcase_add_test(tc, a_directory_is_told);
	tcase_add_test(tc, a_missing_file_is_told);
	tcase_add_test(tc, an_unreadable_file_is_told);
	tcase_add_test(tc, a_file_without_an_end_is_left);
	tcase_add_test(tc, the_example_of_a_plan_has_lists);
	tcase_add_test(tc, a_plan_is_made);
	tcase_add_test(tc, the_example_of_six_is_the_article);
	tcase_add_test(tc, the_example_of_three_is_the_article);
	suite_add_tcase(suite, tc);

	SRunner *runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT); /* the TAP carries the verdict */
	srunner_free(runner);
	return 0;
}
