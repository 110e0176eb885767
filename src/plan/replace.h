/* SPDX-License-Identifier: BSD-2-Clause */
/* replace.h - a file's contents, changed as a whole or not at all. */
#ifndef VLBD_PLAN_REPLACE_H
#define VLBD_PLAN_REPLACE_H

#include <stddef.h>
#include <sys/stat.h>

struct document {
	char *path; /* symbolic links followed */
	char *text; /* SIZE bytes and a NUL */
	size_t size;
	struct stat status; /* when it was read */
};

/* Read the regular file at PATH. 0, or an exit status with the reason told. */
int document_open(struct document *document, const char *path);
/* Put TEXT in its place: written to a new file beside it, forced to the disk, renamed
 * over the old one. Owner, mode, access lists and labels stay. Whatever fails or kills it
 * on the way, the old file is whole. 0, or an exit status with the reason told. */
int document_replace(const struct document *document, const char *text, size_t size);
void document_close(struct document *document);

#endif
