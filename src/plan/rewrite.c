/* SPDX-License-Identifier: BSD-2-Clause */
/* rewrite.c - change [server] sections within a text, and nothing else in it.
 *
 * The text is cut into lines, and of each it is known what it is. They are copied
 * one by one, but for those of keys whose value changes. A comment is never lost, unless
 * it stands between the head and the last key of a section that goes. The section [plan]
 * goes when AFTER has lists of its own. */
#include "rewrite.h"

#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "render.h"

struct rewriter {
	FILE *out;
	const char *text;
	const char *eol;
	const struct conf *before, *after;
	unsigned lines;
	struct line *line;
	bool blank;   /* the last line that was copied, or none was */
	bool skipped; /* lines were left out since */
};

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
			(line_key_tier(at->key) != CONF_NONE &&
			    line_key_tier(self->line[i].key) == line_key_tier(at->key))))
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
			(line_key_tier(key) != CONF_NONE &&
			    line_key_tier(self->line[i].key) == line_key_tier(key))))
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
	int tier = line_key_tier(line->key);
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
	struct rewriter self = {
		.out = out, .text = text, .before = before, .after = after, .blank = true
	};
	struct lines lines;
	bool going = false;

	if (lines_read(&lines, text, size, before) != 0)
		return -1;
	self.lines = lines.count;
	self.line = lines.line;
	self.eol = lines.eol;
	unsigned place = place_of_new(&self);
	for (unsigned at = 0; at < self.lines; at++) {
		write_line(&self, at, &going);
		if (at == place)
			write_new_servers(&self);
	}
	free(lines.line);
	return 0;
}
