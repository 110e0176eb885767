/* SPDX-License-Identifier: BSD-2-Clause */
/* rewrite.c - change [server] sections within a text, and nothing else in it.
 *
 * The text is cut into lines, and each line is told what it is. Then the lines are copied
 * one by one, but for those of keys whose value changes. A comment is never lost, unless
 * it stands between the head and the last key of a section that goes. The section [plan]
 * goes when AFTER has lists of its own. */
#include "rewrite.h"

#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "render.h"

enum kind { LINE_HEAD, LINE_KEY, LINE_COMMENT, LINE_BLANK };

/* One line; pieces of it as offsets in the text. */
struct line {
	enum kind kind;
	size_t begin;   /* of the line */
	size_t value;   /* LINE_KEY: of the value */
	size_t comment; /* of the blanks in front of the comment, or of the line's end */
	size_t end;     /* of the line, without its line feed */
	size_t next;    /* of the line after it */
	char key[CONF_NAME];
	int server; /* in BEFORE, whose section it stands in; CONF_NONE: another's */
	bool plan;  /* it stands in [plan] */
};

/* The section that is being read. */
struct section {
	int server;
	bool plan;
};

struct rewriter {
	FILE *out;
	const char *text;
	size_t size;
	const char *eol;
	const struct conf *before, *after;
	unsigned lines;
	struct line *line;
	bool blank;   /* the last line that was copied, or none was */
	bool skipped; /* lines were left out since */
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* --- reading ------------------------------------------------------------------------ */

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
read_line(struct rewriter *self, struct line *line, struct section *section)
{
	const char *text = self->text;
	size_t begin = line->begin;

	if (begin == 0 && self->size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
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
		*section = read_head(self->before, text, begin, line->comment);
	} else {
		line->kind = LINE_KEY;
		read_key(text, line, begin);
	}
	line->server = section->server;
	line->plan = section->plan;
}

static int
read_lines(struct rewriter *self)
{
	struct section section = { CONF_NONE, false };
	unsigned lines = 1;

	for (size_t i = 0; i < self->size; i++)
		lines += self->text[i] == '\n';
	self->line = calloc(lines, sizeof *self->line);
	if (self->line == NULL)
		return -1;
	for (size_t at = 0; at < self->size;) {
		struct line *line = &self->line[self->lines++];
		const char *feed = memchr(self->text + at, '\n', self->size - at);

		line->begin = at;
		line->end = feed != NULL ? (size_t)(feed - self->text) : self->size;
		line->next = feed != NULL ? line->end + 1 : self->size;
		if (line->end > at && self->text[line->end - 1] == '\r')
			line->end--;
		read_line(self, line, &section);
		at = line->next;
	}
	self->eol =
	    self->lines > 0 && self->text[self->line[0].end] == '\r' ? "\r\n" : "\n";
	return 0;
}

/* The tier of KEY, or CONF_NONE. */
static int
key_tier(const char *key)
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

/* --- what differs ------------------------------------------------------------------- */

static int
after_index(const struct rewriter *self, int server)
{
	if (server == CONF_NONE)
		return CONF_NONE;
	return conf_server_by_name(self->after, self->before->server[server].name);
}

/* The next address that SERVER has in TIER, from index *A on. */
static const struct ip *
next_address(const struct conf *conf, unsigned server, unsigned tier, unsigned *a)
{
	for (; *a < conf->addresses; (*a)++)
		if (tier < conf->address[*a].tiers &&
		    conf->address[*a].server[tier] == server)
			return &conf->address[(*a)++].ip;
	return NULL;
}

static bool
same_list(const struct rewriter *self, int old, int new, unsigned tier)
{
	unsigned a = 0, b = 0;

	for (;;) {
		const struct ip *x = next_address(self->before, (unsigned)old, tier, &a);
		const struct ip *y = next_address(self->after, (unsigned)new, tier, &b);
		if (x == NULL || y == NULL)
			return x == y;
		if (!ip_equal(x, y))
			return false;
	}
}

static bool
same_macs(const struct conf_server *a, const struct conf_server *b)
{
	return a->macs == b->macs &&
	       memcmp(a->mac, b->mac, a->macs * sizeof a->mac[0]) == 0;
}

/* --- writing ------------------------------------------------------------------------ */

/* Where lines were left out, one blank line is enough. */
static void
copy_line(struct rewriter *self, const struct line *line)
{
	bool blank = line->kind == LINE_BLANK;

	if (blank && self->blank && self->skipped)
		return;
	fwrite(self->text + line->begin, 1, line->next - line->begin, self->out);
	if (line->next == line->end)
		fputs(self->eol, self->out);
	self->blank = blank;
	self->skipped = false;
}

/* The comment of a LINE_KEY whose key goes, in a line of its own. */
static void
keep_comment(struct rewriter *self, const struct line *line)
{
	size_t at = line->comment;

	while (at < line->end && is_blank(self->text[at]))
		at++;
	if (at < line->end)
		fprintf(self->out, "%.*s%s", (int)(line->end - at), self->text + at,
		    self->eol);
}

/* "secondary = " for KEY, in the manner of the section that LINE is in. */
static void
make_head(const struct rewriter *self, const struct line *line, const char *key,
    char *head, size_t size)
{
	const char *text = self->text;
	size_t begin = line->begin, mark;

	while (is_blank(text[begin]))
		begin++;
	for (mark = begin; mark < line->value && text[mark] != '=' && text[mark] != ':';)
		mark++;
	/* Aligned, where keys are: then a blank stands before the mark. */
	bool loose = mark > begin && is_blank(text[mark - 1]);
	int column = loose ? (int)(mark - begin) : 0;
	snprintf(head, size, "%.*s%-*s%s%.*s", (int)(begin - line->begin),
	    text + line->begin, column, key,
	    loose && (int)strlen(key) >= column ? " " : "", (int)(line->value - mark),
	    text + mark);
}

static void
put_tier(struct rewriter *self, const struct line *line, unsigned server, unsigned tier)
{
	char head[4 * CONF_NAME], comment[2048];

	snprintf(head, sizeof head, "%.*s", (int)(line->value - line->begin),
	    self->text + line->begin);
	snprintf(comment, sizeof comment, "%.*s", (int)(line->end - line->comment),
	    self->text + line->comment);
	unsigned a = 0;
	if (next_address(self->after, server, tier, &a) == NULL)
		keep_comment(self, line);
	else
		ini_tier(self->out, self->after, server, tier, head, comment, self->eol);
}

static void
put_value(
    struct rewriter *self, const struct line *line, const struct conf_server *server)
{
	fwrite(self->text + line->begin, 1, line->value - line->begin, self->out);
	if (strcmp(line->key, "mac") == 0)
		ini_macs(self->out, server);
	else if (strcmp(line->key, "weight") == 0)
		fprintf(self->out, "%u", server->weight);
	else
		fputs(server->rack, self->out);
	fwrite(self->text + line->comment, 1, line->end - line->comment, self->out);
	fputs(self->eol, self->out);
}

/* Is LINE the first of its section with this key? */
static bool
is_first(const struct rewriter *self, unsigned line)
{
	const struct line *at = &self->line[line];

	for (unsigned i = line; i-- > 0 && self->line[i].kind != LINE_HEAD;)
		if (self->line[i].kind == LINE_KEY &&
		    (strcmp(self->line[i].key, at->key) == 0 ||
			(key_tier(at->key) != CONF_NONE &&
			    key_tier(self->line[i].key) == key_tier(at->key))))
			return false;
	return true;
}

/* The section of LINE has KEY, or the same tier by another name. */
static bool
section_has(const struct rewriter *self, unsigned line, const char *key)
{
	unsigned i = line;

	while (i > 0 && self->line[i].kind != LINE_HEAD)
		i--;
	for (i++; i < self->lines && self->line[i].kind != LINE_HEAD; i++)
		if (self->line[i].kind == LINE_KEY &&
		    (strcmp(self->line[i].key, key) == 0 ||
			(key_tier(key) != CONF_NONE &&
			    key_tier(self->line[i].key) == key_tier(key))))
			return true;
	return false;
}

/* No key of the section comes after LINE. */
static bool
is_last_key(const struct rewriter *self, unsigned line)
{
	for (unsigned i = line + 1; i < self->lines && self->line[i].kind != LINE_HEAD;
	     i++)
		if (self->line[i].kind == LINE_KEY)
			return false;
	return true;
}

/* A line with a key of a server that stays. */
static void
write_key(struct rewriter *self, unsigned at, int old, int new)
{
	const struct line *line = &self->line[at];
	const struct conf_server *was = &self->before->server[old];
	const struct conf_server *is = &self->after->server[new];
	int tier = key_tier(line->key);
	bool same;

	if (tier != CONF_NONE)
		same = same_list(self, old, new, (unsigned)tier);
	else if (strcmp(line->key, "mac") == 0)
		same = same_macs(was, is);
	else if (strcmp(line->key, "weight") == 0)
		same = was->weight == is->weight;
	else
		same = strcmp(line->key, "rack") != 0 || strcmp(was->rack, is->rack) == 0;
	if (same) {
		copy_line(self, line);
		return;
	}
	if (!is_first(self, at))
		keep_comment(self, line);
	else if (tier != CONF_NONE)
		put_tier(self, line, (unsigned)new, (unsigned)tier);
	else
		put_value(self, line, is);
	self->blank = false;
}

/* Keys that the section lacked, behind its last one. */
static void
write_new_keys(struct rewriter *self, unsigned at, int old, int new)
{
	const struct conf_server *was = &self->before->server[old];
	const struct conf_server *is = &self->after->server[new];
	unsigned depth = plan_depth(self->after);
	char key[CONF_NAME], head[4 * CONF_NAME];

	if (was->weight != is->weight && !section_has(self, at, "weight")) {
		make_head(self, &self->line[at], "weight", head, sizeof head);
		fprintf(self->out, "%s%u%s", head, is->weight, self->eol);
	}
	if (strcmp(was->rack, is->rack) != 0 && !section_has(self, at, "rack")) {
		make_head(self, &self->line[at], "rack", head, sizeof head);
		fprintf(self->out, "%s%s%s", head, is->rack, self->eol);
	}
	for (unsigned tier = 0; tier < depth; tier++) {
		if (section_has(self, at, conf_tier_name(tier, key)))
			continue;
		make_head(self, &self->line[at], key, head, sizeof head);
		ini_tier(
		    self->out, self->after, (unsigned)new, tier, head, "", self->eol);
	}
}

/* The line behind which new sections go: the last key of the last server that stays, and
 * the comment lines that belong to it rather than to the next section. */
static unsigned
place_of_new(const struct rewriter *self)
{
	unsigned place = self->lines;

	for (unsigned i = 0; i < self->lines; i++)
		if ((self->line[i].kind == LINE_KEY || self->line[i].kind == LINE_HEAD) &&
		    after_index(self, self->line[i].server) != CONF_NONE)
			place = i;
	unsigned end = place + 1;
	while (end < self->lines && self->line[end].kind == LINE_COMMENT)
		end++;
	if (place < self->lines &&
	    (end == self->lines || self->line[end].kind == LINE_BLANK))
		place = end - 1;
	return place;
}

static void
write_new_servers(struct rewriter *self)
{
	for (unsigned s = 0; s < self->after->servers; s++) {
		if (conf_server_by_name(self->before, self->after->server[s].name) !=
		    CONF_NONE)
			continue;
		fputs(self->eol, self->out);
		ini_server(self->out, self->after, s, self->eol);
		self->blank = false;
	}
}

static void
write_line(struct rewriter *self, unsigned at, bool *going)
{
	const struct line *line = &self->line[at];
	int old = line->server, new = after_index(self, old);

	if (line->kind == LINE_HEAD)
		*going = (old != CONF_NONE && new == CONF_NONE) ||
			 (line->plan && self->after->planned == 0);
	if (*going) {
		self->skipped = true;
		if (is_last_key(self, at))
			*going = false;
	} else if (line->kind == LINE_KEY && old != CONF_NONE) {
		write_key(self, at, old, new);
		if (is_last_key(self, at))
			write_new_keys(self, at, old, new);
	} else {
		copy_line(self, line);
	}
}

int
rewrite(FILE *out, const char *text, size_t size, const struct conf *before,
    const struct conf *after)
{
	struct rewriter self = { .out = out,
		.text = text,
		.size = size,
		.before = before,
		.after = after,
		.blank = true };
	bool going = false;

	if (read_lines(&self) != 0)
		return -1;
	unsigned place = place_of_new(&self);
	for (unsigned at = 0; at < self.lines; at++) {
		write_line(&self, at, &going);
		if (at == place)
			write_new_servers(&self);
	}
	free(self.line);
	return 0;
}
