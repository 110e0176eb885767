/* SPDX-License-Identifier: BSD-2-Clause */
/* conf_health.c - the sections [check NAME] and [notify].
 *
 * What a target means depends on the type, which may stand behind it: so values are kept
 * as they come, and understood when the section's end is known, in conf_finish(). */
#include "conf_internal.h"

#include <stdio.h>
#include <string.h>

enum { HTTP_PORT = 80 };

static const char *const kinds[CHECK_KINDS] = {
	[CHECK_TCP] = "tcp",
	[CHECK_HTTP] = "http",
	[CHECK_COMMAND] = "command",
};

const char *
conf_check_kind_name(enum conf_check_kind kind)
{
	return kind < CHECK_KINDS ? kinds[kind] : "?";
}

void
conf_begin_check(struct conf_reader *reader, const char *name)
{
	struct conf *conf = reader->conf;
	bool good = conf_is_name(name, strlen(name));
	int twin = good ? conf_check_by_name(conf, name) : CONF_NONE;

	if (!good)
		conf_tell(reader, reader->line,
		    "\"%.70s\" is not a check's name; write [check NAME], with at most "
		    "%d "
		    "letters, digits, dots, hyphens or underscores",
		    name, CONF_NAME - 1);
	if (twin != CONF_NONE)
		conf_tell(reader, reader->line,
		    "check %s is in line %d already; give this one another name", name,
		    conf->check[twin].line);
	if (conf->checks == CONF_CHECKS) {
		if (!reader->full_checks)
			conf_tell(reader, reader->line,
			    "more than %d checks; have one command check several things",
			    CONF_CHECKS);
		reader->full_checks = true;
		reader->where = IN_UNKNOWN;
		return;
	}
	reader->where = IN_CHECK;
	reader->check = conf->checks++;
	struct conf_check *check = &conf->check[reader->check];
	*check = (struct conf_check){
		.line = reader->line,
		.interval_ns = SEC_NS,
		.timeout_ns = SEC_NS,
		.rise = 2,
		.fall = 3,
	};
	snprintf(check->name, sizeof check->name, "%s", good ? name : "?");
	snprintf(check->command.user, sizeof check->command.user, "nobody");
	for (enum conf_key key = KEY_TYPE; key <= KEY_USER; key++)
		reader->key_line[key] = 0;
}

static bool
read_type(struct conf_reader *reader, const char *value, enum conf_check_kind *kind)
{
	const char *near = NULL;

	for (unsigned k = 0; k < CHECK_KINDS; k++) {
		if (strcmp(kinds[k], value) == 0) {
			*kind = (enum conf_check_kind)k;
			return true;
		}
		if (conf_is_near(value, conf_distance(value, kinds[k])))
			near = kinds[k];
	}
	if (near != NULL)
		conf_wrong(
		    reader, "unknown type \"%.40s\"; did you mean %s?", value, near);
	else
		conf_wrong(
		    reader, "unknown type \"%.40s\"; write tcp, http or command", value);
	return false;
}

static bool
is_word(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

/* One end of a range of statuses, up to END. */
static bool
read_status(const char *from, const char *end, uint16_t *out)
{
	unsigned value = 0;

	if (end - from != 3)
		return false;
	for (const char *at = from; at < end; at++) {
		if (*at < '0' || *at > '9')
			return false;
		value = value * 10 + (unsigned)(*at - '0');
	}
	*out = (uint16_t)value;
	return value >= 100 && value <= 599;
}

static bool
read_expect(struct conf_reader *reader, const char *value, struct conf_check *check)
{
	const char *at = value;

	for (check->expects = 0; check->expects < CONF_EXPECTS; at++) {
		struct conf_expect *expect = &check->expect[check->expects++];
		at += strspn(at, " ");
		size_t len = strcspn(at, ", ");
		const char *dash = memchr(at, '-', len);
		const char *end = at + len;
		bool good = read_status(at, dash != NULL ? dash : end, &expect->low);
		expect->high = expect->low;
		if (good && dash != NULL)
			good = read_status(dash + 1, end, &expect->high) &&
			       expect->high >= expect->low;
		at = end + strspn(end, " ");
		if (!good || (*at != ',' && *at != '\0')) {
			conf_wrong(reader,
			    "\"%.40s\" is no list of statuses; write such as 200 or "
			    "200-299, 301",
			    value);
			return false;
		}
		if (*at == '\0')
			return true;
	}
	conf_wrong(reader, "more than %d statuses and ranges; write fewer", CONF_EXPECTS);
	return false;
}

static bool
read_duration(struct conf_reader *reader, const char *value, uint64_t least_ns,
    const char *write, uint64_t *out)
{
	const struct conf_duration rule = { NULL, 0, least_ns, 3600 * SEC_NS, false,
		write };

	return conf_read_duration(reader, &rule, value, out);
}

static bool
read_user(struct conf_reader *reader, const char *value, char user[CONF_NAME])
{
	if (!conf_is_name(value, strlen(value))) {
		conf_wrong(reader,
		    "\"%.40s\" is no user's name; write one such as nobody", value);
		return false;
	}
	snprintf(user, CONF_NAME, "%s", value);
	return true;
}

static bool
take(struct conf_reader *reader, struct conf_check *check, enum conf_key key,
    const char *value)
{
	switch ((int)key) {
	case KEY_TYPE:
		return read_type(reader, value, &check->kind);
	case KEY_TARGET:
		snprintf(check->target, sizeof check->target, "%s", value);
		return true;
	case KEY_CHECK_INTERVAL:
		return read_duration(
		    reader, value, 100 * MS_NS, "100ms to 1h", &check->interval_ns);
	case KEY_TIMEOUT:
		return read_duration(
		    reader, value, 10 * MS_NS, "10ms to 1h", &check->timeout_ns);
	case KEY_RISE:
		return conf_read_number(reader, value, 1, 100, &check->rise);
	case KEY_FALL:
		return conf_read_number(reader, value, 1, 100, &check->fall);
	case KEY_EXPECT:
		return read_expect(reader, value, check);
	case KEY_USER:
		return read_user(reader, value, check->command.user);
	default:
		break;
	}
	snprintf(check->host, sizeof check->host, "%s", value);
	if (is_word(value))
		return true;
	conf_wrong(reader,
	    "\"%.40s\" is no host's name; write one such as www.example.org", value);
	return false;
}

bool
conf_read_check(struct conf_reader *reader, enum conf_key key, const char *value)
{
	struct conf_check *check = &reader->conf->check[reader->check];

	reader->check_line[reader->check][key - KEY_TYPE] = reader->line;
	if (!take(reader, check, key, value))
		reader->check_bad[reader->check] = true;
	return !reader->check_bad[reader->check];
}

/* Words that blanks separate; 'quotes' and "quotes" keep blanks in a word. */
static bool
split(struct conf_reader *reader, const char *value, struct conf_command *command)
{
	size_t len = 0;
	const char *at = value + strspn(value, " \t");

	for (command->arguments = 0; *at != '\0'; at += strspn(at, " \t")) {
		char quote = '\0';
		if (command->arguments++ == CONF_ARGUMENTS) {
			conf_wrong(
			    reader, "more than %d words; write a script", CONF_ARGUMENTS);
			return false;
		}
		for (; *at != '\0' && (quote != '\0' || (*at != ' ' && *at != '\t'));
		     at++) {
			if (*at == quote)
				quote = '\0';
			else if (quote == '\0' && (*at == '"' || *at == '\''))
				quote = *at;
			else
				command->text[len++] = *at;
		}
		if (quote != '\0') {
			conf_wrong(reader,
			    "a quote %c has no end; write another one behind the word, "
			    "or "
			    "leave it out",
			    quote);
			return false;
		}
		/* Each NUL stands where a blank, a quote or the end was. */
		command->text[len++] = '\0';
	}
	if (command->text[0] == '/')
		return true;
	conf_wrong(reader,
	    "\"%.40s\" is no absolute path; write one such as /usr/local/bin/check, and "
	    "its "
	    "arguments behind it (there is no shell)",
	    value);
	return false;
}

bool
conf_read_notify(struct conf_reader *reader, enum conf_key key, const char *value)
{
	struct conf_command *notify = &reader->conf->notify;

	if (key == KEY_NOTIFY_COMMAND)
		return split(reader, value, notify);
	if (key == KEY_NOTIFY_USER)
		return read_user(reader, value, notify->user);
	return read_duration(
	    reader, value, 10 * MS_NS, "10ms to 1h", &notify->timeout_ns);
}

/* ADDRESS:PORT at the start of TEXT, up to END. PORT 0: may be left out. */
static bool
read_socket(const char *text, const char *end, struct conf_check *check, uint16_t port)
{
	char ip[IP_TEXT];
	const char *colon = memchr(text, ':', (size_t)(end - text));
	size_t len = (size_t)((colon != NULL ? colon : end) - text);
	unsigned number = 0;

	if (len == 0 || len >= sizeof ip)
		return false;
	snprintf(ip, sizeof ip, "%.*s", (int)len, text);
	if (!ip_parse(ip, &check->ip) || check->ip.byte[0] == 0 ||
	    check->ip.byte[0] >= 224)
		return false;
	check->port = port;
	if (colon == NULL)
		return port != 0;
	if (end - colon < 2 || end - colon > 6)
		return false;
	for (const char *at = colon + 1; at < end; at++) {
		if (*at < '0' || *at > '9')
			return false;
		number = number * 10 + (unsigned)(*at - '0');
	}
	check->port = (uint16_t)number;
	return number >= 1 && number <= 65535;
}

static bool
read_url(struct conf_reader *reader, struct conf_check *check)
{
	static const char scheme[] = "http://";
	const char *at = check->target + sizeof scheme - 1;

	if (strncmp(check->target, "https://", 8) == 0) {
		conf_wrong(reader, "https is not spoken; write an http:// target, or "
				   "type = tcp, or type "
				   "= command with curl");
		return false;
	}
	if (strncmp(check->target, scheme, sizeof scheme - 1) != 0 ||
	    !is_word(check->target) ||
	    !read_socket(at, at + strcspn(at, "/?#"), check, HTTP_PORT)) {
		conf_wrong(reader,
		    "\"%.60s\" is no target; write http://ADDRESS[:PORT]/PATH with a "
		    "numeric address, such as http://127.0.0.1:80/health",
		    check->target);
		return false;
	}
	size_t len = strcspn(at, "/?#");
	if (check->host[0] == '\0')
		snprintf(check->host, sizeof check->host, "%.*s", (int)len, at);
	const char *path = at + len;
	snprintf(check->path, sizeof check->path, "%s%.*s", *path == '/' ? "" : "/",
	    (int)strcspn(path, "#"), path);
	return true;
}

static bool
read_target(struct conf_reader *reader, struct conf_check *check)
{
	if (check->kind == CHECK_COMMAND)
		return split(reader, check->target, &check->command);
	if (check->kind == CHECK_HTTP)
		return read_url(reader, check);
	if (read_socket(check->target, check->target + strlen(check->target), check, 0))
		return true;
	conf_wrong(reader,
	    "\"%.60s\" is no target; write ADDRESS:PORT with a numeric address, such as "
	    "127.0.0.1:80",
	    check->target);
	return false;
}

/* A key that says nothing for this type. */
static void
check_stray(struct conf_reader *reader, const struct conf_check *check, int line,
    const char *key, enum conf_check_kind kind)
{
	if (line != 0 && check->kind != kind)
		conf_tell(reader, line,
		    "%s: a check of type %s has none; remove the line", key,
		    kinds[check->kind]);
}

static void
finish_check(struct conf_reader *reader, unsigned i)
{
	struct conf_check *check = &reader->conf->check[i];
	const int *line = reader->check_line[i];

	if (line[0] == 0)
		conf_tell(reader, check->line,
		    "check %s has no type; write type = tcp, http or command",
		    check->name);
	if (line[KEY_TARGET - KEY_TYPE] == 0)
		conf_tell(reader, check->line,
		    "check %s has no target; write target = and what to look at",
		    check->name);
	if (line[0] == 0 || line[KEY_TARGET - KEY_TYPE] == 0)
		return;
	reader->line = line[KEY_TARGET - KEY_TYPE];
	reader->key = "target";
	if (!read_target(reader, check))
		return;
	check_stray(reader, check, line[KEY_EXPECT - KEY_TYPE], "expect", CHECK_HTTP);
	check_stray(reader, check, line[KEY_HOST - KEY_TYPE], "host", CHECK_HTTP);
	check_stray(reader, check, line[KEY_USER - KEY_TYPE], "user", CHECK_COMMAND);
	check->command.timeout_ns = check->timeout_ns;
	if (check->kind == CHECK_HTTP && check->expects == 0) {
		check->expects = 1;
		check->expect[0] = (struct conf_expect){ 200, 399 };
	}
}

void
conf_finish_health(struct conf_reader *reader)
{
	const struct conf_command *notify = &reader->conf->notify;

	for (unsigned i = 0; i < reader->conf->checks; i++)
		if (!reader->check_bad[i])
			finish_check(reader, i);
	if (reader->section_line[IN_NOTIFY] != 0 && notify->arguments == 0 &&
	    reader->key_line[KEY_NOTIFY_COMMAND] == 0)
		conf_tell(reader, reader->section_line[IN_NOTIFY],
		    "[notify] has no command; write command = and an absolute path, or "
		    "remove the section");
}
