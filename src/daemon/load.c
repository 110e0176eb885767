/* SPDX-License-Identifier: BSD-2-Clause */
/* load.c - the door to inih: vlb.ini to struct conf.
 *
 * inih splits lines into keys and values, and nothing more is left to it: it gives no
 * line numbers, cuts names of sections at 49 bytes, does not tell of empty sections,
 * takes an indented line for more of the key before, and reads the tail of a line beyond
 * its buffer (200 bytes) as a new line. So our own reader stands between the file and
 * inih. It counts lines, drops comments and tells conf of sections itself; inih sees only
 * lines that it reads as a user would. What keys mean is conf's business; nothing is
 * changed in the system here. */
#include "load.h"

#include <ini.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "log.h"
#include "vlbd/plan.h"

enum {
	PLAN_LONG_S = 2,
	LINE_KEPT = 1024, /* of a line, without its comment; inih takes less */
	MOST_BYTES =
	    16 * 1024 * 1024 /* of a file: all of CONF_ADDRESSES in all tiers fit */
};

struct source {
	FILE *file;
	struct conf_reader *reader;
	long bytes;
	int line;
	char text[LINE_KEPT];
	bool cut;     /* the line goes on beyond TEXT */
	bool pending; /* inih has been given the line and owes us its key */
	bool ended;
	bool failed;     /* the file cannot be read as text: WHY alone is told */
	char why[200];   /* of failed */
	int failed_line; /* 0: the file as a whole */
};

static void fail(struct source *source, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void
fail(struct source *source, int line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(source->why, sizeof source->why, format, arguments);
	va_end(arguments);
	source->failed = true;
	source->failed_line = line;
}

/* Bytes that no text has, the carriage return before a line feed aside. */
static bool
byte_is_text(struct source *source, int c)
{
	if (c >= 0x20 && c != 0x7f)
		return true;
	if (c == '\t')
		return true;
	if (c == '\r')
		fail(source, source->line,
		    "a carriage return within the line; end each line with a line feed");
	else
		fail(source, source->line,
		    "a byte 0x%02x, so this is no text; save the file as plain text "
		    "(UTF-8)",
		    (unsigned)c);
	return false;
}

/* A carriage return belongs to the line's end when a line feed, or nothing, follows. */
static bool
at_line_end(FILE *file, int c)
{
	if (c == EOF || c == '\n')
		return true;
	if (c != '\r')
		return false;

	int next = getc(file);
	if (next == EOF || next == '\n')
		return true;
	ungetc(next, file);
	return false;
}

/* The next line into source->text. False: there is none, or it is no text. */
static bool
read_line(struct source *source)
{
	size_t len = 0;
	int c = getc(source->file);
	bool found = c != EOF;

	source->cut = false;
	if (found) {
		source->line++;
		source->bytes++; /* even an empty one counts: nothing is read for ever */
	}
	for (; !at_line_end(source->file, c); c = getc(source->file)) {
		if (!byte_is_text(source, c))
			return false;
		if (len < sizeof source->text - 1)
			source->text[len++] = (char)c;
		else
			source->cut = true;
		if (++source->bytes > MOST_BYTES)
			break;
	}
	source->text[len] = '\0';
	if (ferror(source->file))
		fail(source, 0, "cannot be read: %s", strerror(errno));
	else if (source->bytes > MOST_BYTES)
		fail(source, 0, "more than %d MiB; write the path of a vlb.ini(5) file",
		    MOST_BYTES / (1024 * 1024));
	return found && !source->failed;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Cut off the comment, which begins at the line's start or behind a blank, and the blanks
 * before it. True: there was one. */
static bool
drop_comment(char *text)
{
	size_t len = 0;
	char before = ' ';

	while (text[len] != '\0' &&
	       !((text[len] == ';' || text[len] == '#') && is_blank(before)))
		before = text[len++];
	bool found = text[len] != '\0';
	while (len > 0 && is_blank(text[len - 1]))
		len--;
	text[len] = '\0';
	return found;
}

/* inih got the line before as a key and handed none back. */
static void
settle(struct source *source)
{
	if (source->pending)
		conf_mistake(source->reader, source->line,
		    "\"%.40s\" is neither a [section] nor key = value; write one of them",
		    source->text);
	source->pending = false;
}

/* TEXT begins with a bracket. A head that is wrong is told and still taken, lest all that
 * stands under it be taken for keys of the section before. */
static void
take_head(struct source *source, char *text)
{
	char *end = strchr(text, ']');

	if (end == NULL)
		conf_mistake(source->reader, source->line,
		    "the section's head \"%.70s\" has no end; write ] behind it", text);
	else if (end[1] != '\0')
		conf_mistake(source->reader, source->line,
		    "\"%.40s\" stands behind the section's head; write it in a line of "
		    "its own",
		    end + 1 + strspn(end + 1, " \t"));
	if (end != NULL)
		*end = '\0';
	conf_section(source->reader, source->line, text + 1);
}

/* Look at the line. The text that inih shall have as a key, or NULL. */
static const char *
sift_line(struct source *source, size_t room)
{
	static const char bom[] = "\xef\xbb\xbf";
	char *text = source->text;

	if (source->line == 1 && strncmp(text, bom, strlen(bom)) == 0)
		text += strlen(bom);
	bool cut = !drop_comment(text) && source->cut;
	bool indented = is_blank(*text);
	text += strspn(text, " \t");

	if (*text == '\0' && !cut)
		return NULL;
	if (*text == '[') {
		take_head(source, text);
		return NULL;
	}
	if (cut || strlen(text) > room) {
		conf_mistake(source->reader, source->line,
		    "the line is longer than %zu bytes; split the list: write its key "
		    "again in "
		    "the next line, with the rest",
		    room);
		return NULL;
	}
	/* Not ':' for indented lines: a hardware address has it too. */
	if (indented && strchr(text, '=') == NULL) {
		conf_mistake(source->reader, source->line,
		    "an indented line does not continue the one before; write the key "
		    "again "
		    "in front of \"%.40s\"",
		    text);
		return NULL;
	}
	return text;
}

/* inih's ini_reader, in the manner of fgets(3). */
static char *
next_line(char *into, int size, void *stream)
{
	struct source *source = (struct source *)stream;

	settle(source);
	if (source->failed || !read_line(source)) {
		source->ended = true;
		return NULL;
	}
	/* Two bytes less than fit: a full buffer is what inih takes for a line cut short.
	 */
	const char *text = sift_line(source, (size_t)size - 3);
	source->pending = text != NULL;
	snprintf(into, (size_t)size, "%s\n", text != NULL ? text : "");
	return into;
}

/* inih's ini_handler. Its idea of the section is not ours: conf knows it from
 * next_line(). An inih that was built with other options may call with no name or no
 * value. */
static int
take_key(void *user, const char *section, const char *name, const char *value)
{
	struct source *source = (struct source *)user;

	(void)section;
	if (name != NULL && *name != '\0' && value != NULL) {
		source->pending = false;
		conf_set(source->reader, source->line, name, value);
	}
	return 1;
}

static void
tell(const char *path, int line, const char *text)
{
	const char *mark = log_mark(LOG_LEVEL_ERR);

	if (line > 0)
		fprintf(stderr, "%s%s:%d: %s\n", mark, path, line, text);
	else
		fprintf(stderr, "%s%s: %s\n", mark, path, text);
}

static void
tell_mistakes(const char *path, const struct conf_reader *reader)
{
	unsigned kept;
	unsigned total;
	const struct conf_error *error = conf_errors(reader, &kept, &total);

	for (unsigned i = 0; i < kept; i++)
		tell(path, error[i].line, error[i].text);
	if (total > kept)
		fprintf(stderr, "%s%s: %u more mistakes; mend these first\n",
		    log_mark(LOG_LEVEL_ERR), path, total - kept);
}

static void
parse(struct source *source)
{
	/* An inih that was built to stop at the first error is simply set going again. */
	while (!source->ended)
		if (ini_parse_stream(next_line, source, take_key, source) == -2) {
			fail(source, 0, "out of memory");
			return;
		}
}

static FILE *
open_file(const char *path)
{
	struct stat status;
	FILE *file = fopen(path, "re");

	if (file == NULL) {
		fprintf(stderr, "%s%s: cannot be opened: %s\n", log_mark(LOG_LEVEL_ERR),
		    path, strerror(errno));
		return NULL;
	}
	/* Told here because reading would only fail with EISDIR. */
	if (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
		tell(path, 0, "is a directory; write the path of a file");
		fclose(file);
		return NULL;
	}
	return file;
}

/* The lists that [plan] asks for. Big ones take seconds, and then that is said. */
static int
make_plan(const char *path, struct conf *conf)
{
	struct plan_request request;
	struct timespec begin;
	bool told = false;

	if (conf->planned == 0)
		return 0;
	conf_plan_request(conf, &request);
	void *memory = malloc(plan_memory(&request));
	if (memory == NULL) {
		tell(path, 0, "out of memory");
		return -1;
	}
	clock_gettime(CLOCK_MONOTONIC, &begin);
	struct plan *plan = plan_begin(memory, &request);
	while (plan_step(plan)) {
		struct timespec now;
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (told || now.tv_sec - begin.tv_sec < PLAN_LONG_S)
			continue;
		told = true;
		fprintf(stderr,
		    "%s%s: making the plan of %u addresses for %u servers; that takes "
		    "some "
		    "seconds\n",
		    log_mark(LOG_LEVEL_INFO), path, request.addresses, request.servers);
	}
	struct plan_lists lists = plan_lists(plan);
	conf_plan_take(conf, &lists);
	free(memory);
	return 0;
}

int
load_stream(FILE *file, const char *path, bool draft, struct conf *conf)
{
	struct source source = { .file = file };
	int result = -1;

	source.reader = malloc(conf_reader_size());
	if (source.reader == NULL) {
		tell(path, 0, "out of memory");
		return -1;
	}
	conf_begin(source.reader, conf);
	if (draft)
		conf_allow_placeholders(source.reader);
	parse(&source);
	if (source.failed)
		tell(path, source.failed_line, source.why);
	else if (!conf_finish(source.reader))
		tell_mistakes(path, source.reader);
	else
		result = make_plan(path, conf);
	free(source.reader);
	return result;
}

static int
load_path(const char *path, bool draft, struct conf *conf)
{
	FILE *file = open_file(path);

	if (file == NULL)
		return -1;
	int result = load_stream(file, path, draft, conf);
	fclose(file);
	return result;
}

int
load_file(const char *path, struct conf *conf)
{
	return load_path(path, false, conf);
}

int
load_draft(const char *path, struct conf *conf)
{
	return load_path(path, true, conf);
}
