/* SPDX-License-Identifier: BSD-2-Clause */
/* macs.c - a file of names and hardware addresses, one server a line.
 *
 * Both orders are taken, so that ethers(5) is such a file: "A 02:00:00:00:00:01" and
 * "02:00:00:00:00:01 A". More hardware addresses may follow, for a bond. The file may
 * know more hosts than the cluster has. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cluster.h"

enum { LINE = 1024, WORDS = 1 + CONF_MACS };

static const char blanks[] = " \t\r\n,=";

/* The words of LINE, up to a comment. How many; WORDS + 1: too many. */
static unsigned
split(char *line, char *word[WORDS + 1])
{
	unsigned count = 0;
	char *rest = NULL;

	line[strcspn(line, "#;")] = '\0';
	for (char *at = strtok_r(line, blanks, &rest); at != NULL && count <= WORDS;
	     at = strtok_r(NULL, blanks, &rest))
		word[count++] = at;
	return count;
}

static int
take_line(struct conf *conf, const char *where, char *line)
{
	char *word[WORDS + 1];
	unsigned count = split(line, word);
	struct mac mac;

	if (count == 0)
		return 0;
	if (count == 1 || count > WORDS) {
		usage_error("%s: write a server's name and its hardware addresses, %d at "
			    "most",
		    where, CONF_MACS);
		return EXIT_FILE_WRONG;
	}
	if (mac_parse(word[0], &mac)) {
		char *name = word[1];
		word[1] = word[0];
		word[0] = name;
	}
	int s = conf_server_by_name(conf, word[0]);
	for (unsigned i = 1; s != CONF_NONE && i < count; i++)
		if (cluster_add_mac(conf, (unsigned)s, where, word[i]) != 0)
			return EXIT_FILE_WRONG;
	return 0;
}

int
macs_read(struct conf *conf, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[LINE], where[300];
	int status = 0;

	if (file == NULL) {
		usage_error("--macs: %s cannot be opened: %s", path, strerror(errno));
		return EXIT_FILE_WRONG;
	}
	for (unsigned number = 1; status == 0 && fgets(line, sizeof line, file) != NULL;
	     number++) {
		snprintf(where, sizeof where, "%.250s:%u", path, number);
		if (strlen(line) == sizeof line - 1 && line[sizeof line - 2] != '\n') {
			usage_error(
			    "%s: the line is too long; is this a text file?", where);
			status = EXIT_FILE_WRONG;
		} else {
			status = take_line(conf, where, line);
		}
	}
	if (status == 0 && ferror(file)) {
		usage_error("--macs: %s cannot be read: %s", path, strerror(errno));
		status = EXIT_FILE_WRONG;
	}
	fclose(file);
	return status;
}
