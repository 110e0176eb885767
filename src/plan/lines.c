/* SPDX-License-Identifier: BSD-2-Clause */
/* lines.c - the text of a vlb.ini(5), cut into lines as load.c sees them. */
#include "lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

/* The section that is being read. */
struct section {
	int server;
	bool plan;
};

bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* As load.c sees it: a comment begins the line, or stands behind a blank. */
static size_t
find_comment(const char *text, size_t begin, size_t end)
{
	size_t at = begin;

	while (at < end && !((text[at] == ';' || text[at] == '#') &&
			       (at == begin || is_blank(text[at - 1]))))
		at++;
	while (at > begin && is_blank(text[at - 1]))
		at--;
	return at;
}

static struct section
read_head(const struct conf *conf, const char *text, size_t begin, size_t end)
{
	struct section section = { CONF_NONE, false };
	char word[16], name[CONF_NAME] = "", head[4 * CONF_NAME];

	snprintf(head, sizeof head, "%.*s", (int)(end - begin - 1), text + begin + 1);
	head[strcspn(head, "]")] = '\0';
	if (sscanf(head, " %15s %63s", word, name) < 1)
		return section;
	section.plan = strcmp(word, "plan") == 0;
	if (strcmp(word, "server") == 0)
		section.server = conf_server_by_name(conf, name);
	return section;
}

static void
read_key(const char *text, struct line *line, size_t begin)
{
	size_t mark = begin;

	while (mark < line->comment && text[mark] != '=' && text[mark] != ':')
		mark++;
	size_t end = mark;
	while (end > begin && is_blank(text[end - 1]))
		end--;
	snprintf(line->key, sizeof line->key, "%.*s", (int)(end - begin), text + begin);
	line->value = mark < line->comment ? mark + 1 : mark;
	while (line->value < line->comment && is_blank(text[line->value]))
		line->value++;
}

static void
read_line(
    const char *text, const struct conf *conf, struct line *line, struct section *section)
{
	size_t begin = line->begin;

	if (begin == 0 && line->end >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		begin += 3;
	line->comment = find_comment(text, begin, line->end);
	while (begin < line->comment && is_blank(text[begin]))
		begin++;
	if (begin == line->comment) {
		line->kind = line->comment == line->end ? LINE_BLANK : LINE_COMMENT;
		/* Blanks alone are no comment, and a comment may be indented. */
		for (size_t at = line->comment; at < line->end; at++)
			if (!is_blank(text[at]))
				line->kind = LINE_COMMENT;
	} else if (text[begin] == '[') {
		line->kind = LINE_HEAD;
		*section = read_head(conf, text, begin, line->comment);
	} else {
		line->kind = LINE_KEY;
		read_key(text, line, begin);
	}
	line->server = section->server;
	line->plan = section->plan;
}

int
lines_read(struct lines *lines, const char *text, size_t size, const struct conf *conf)
{
	struct section section = { CONF_NONE, false };
	unsigned most = 1;

	for (size_t i = 0; i < size; i++)
		most += text[i] == '\n';
	*lines = (struct lines){ .line = calloc(most, sizeof *lines->line), .eol = "\n" };
	if (lines->line == NULL)
		return -1;
	for (size_t at = 0; at < size;) {
		struct line *line = &lines->line[lines->count++];
		const char *feed = memchr(text + at, '\n', size - at);

		line->begin = at;
		line->end = feed != NULL ? (size_t)(feed - text) : size;
		line->next = feed != NULL ? line->end + 1 : size;
		if (line->end > at && text[line->end - 1] == '\r')
			line->end--;
		if (at == 0 && line->end < size && text[line->end] == '\r')
			lines->eol = "\r\n";
		read_line(text, conf, line, &section);
		at = line->next;
	}
	return 0;
}

/* The tier of KEY, or CONF_NONE. */
int
line_key_tier(const char *key)
{
	unsigned number;
	char name[CONF_NAME];

	for (unsigned tier = 0; tier < 3; tier++)
		if (strcmp(key, conf_tier_name(tier, name)) == 0)
			return (int)tier;
	if (strncmp(key, "tier", 4) == 0 && word_number(key + 4, CONF_TIERS, &number) &&
	    number > 0)
		return (int)number - 1;
	return CONF_NONE;
}
