/* SPDX-License-Identifier: BSD-2-Clause */
/* replace.c - a file's contents, changed as a whole or not at all. */
#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "options.h"

enum { MOST_BYTES = 16 * 1024 * 1024, ATTRIBUTES = 4096 };

static int
fail(const char *path, const char *what)
{
	return run_error("%s %s: %s; the file is as it was", path, what, strerror(errno));
}

static bool
read_all(int fd, struct document *document)
{
	size_t used = 0;

	document->text = malloc((size_t)document->status.st_size + 1);
	if (document->text == NULL)
		return false;
	while (used < (size_t)document->status.st_size) {
		ssize_t got = read(
		    fd, document->text + used, (size_t)document->status.st_size - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		used += (size_t)got;
	}
	document->text[used] = '\0';
	document->size = used;
	return true;
}

int
document_open(struct document *document, const char *path)
{
	int status = 0;

	memset(document, 0, sizeof *document);
	document->path = realpath(path, NULL);
	if (document->path == NULL)
		return fail(path, "cannot be opened");
	int fd = open(document->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(path, "cannot be opened");
	if (fstat(fd, &document->status) != 0)
		status = fail(path, "cannot be read");
	else if (!S_ISREG(document->status.st_mode))
		status = run_error("%s is no regular file; write the path of one", path);
	else if (document->status.st_size > MOST_BYTES)
		status = run_error("%s has more than %d MiB; is it a vlb.ini(5)?", path,
		    MOST_BYTES / (1024 * 1024));
	else if (!read_all(fd, document))
		status = fail(path, "cannot be read");
	close(fd);
	return status;
}

void
document_close(struct document *document)
{
	free(document->path);
	free(document->text);
}

/* Access lists and security labels. Where the file system has none, there is none to
 * lose; what cannot be set is what this user may not give away. */
static void
copy_attributes(const char *from, int to)
{
	char names[ATTRIBUTES], value[ATTRIBUTES];
	ssize_t len = listxattr(from, names, sizeof names);

	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1) {
		ssize_t size = getxattr(from, names + at, value, sizeof value);
		if (size >= 0)
			(void)fsetxattr(to, names + at, value, (size_t)size, 0);
	}
}

static bool
write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t put = write(fd, text, size);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		text += put;
		size -= (size_t)put;
	}
	return true;
}

/* Owner before mode: a change of owner takes set-user bits away. */
static bool
fill(int fd, const struct document *document, const char *text, size_t size)
{
	const struct stat *old = &document->status;
	struct stat now;

	if (fstat(fd, &now) != 0)
		return false;
	if ((now.st_uid != old->st_uid || now.st_gid != old->st_gid) &&
	    fchown(fd, old->st_uid, old->st_gid) != 0)
		return false;
	if (fchmod(fd, old->st_mode & 07777) != 0)
		return false;
	copy_attributes(document->path, fd);
	return write_all(fd, text, size) && fsync(fd) == 0;
}

/* Somebody else may have saved the file since it was read. */
static bool
is_unchanged(const struct document *document)
{
	struct stat now;
	const struct stat *old = &document->status;

	return stat(document->path, &now) == 0 && now.st_ino == old->st_ino &&
	       now.st_dev == old->st_dev && now.st_size == old->st_size &&
	       now.st_mtim.tv_sec == old->st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == old->st_mtim.tv_nsec;
}

/* The new name is on the disk, too. */
static void
sync_directory(const char *path)
{
	char *directory = strdup(path);

	if (directory == NULL)
		return;
	directory[strrchr(directory, '/') - directory + 1] = '\0';
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	free(directory);
}

static int
replace(const struct document *document, char *beside, const char *text, size_t size)
{
	const char *path = document->path;
	int fd = mkostemp(beside, O_CLOEXEC);
	int status = 0;

	if (fd < 0)
		return fail(path, "cannot be replaced, as no new file can be made beside "
				  "it");
	if (!fill(fd, document, text, size))
		status = fail(path, "cannot be replaced, as its new contents cannot be "
				    "written");
	if (close(fd) != 0 && status == 0)
		status = fail(path, "cannot be replaced, as its new contents cannot be "
				    "written");
	if (status == 0 && !is_unchanged(document))
		status = run_error("%s was changed by somebody else meanwhile, and is as "
				   "they left it; try again",
		    path);
	if (status == 0 && rename(beside, path) != 0)
		status = fail(path, "cannot be replaced");
	if (status != 0)
		unlink(beside);
	else
		sync_directory(path);
	return status;
}

int
document_replace(const struct document *document, const char *text, size_t size)
{
	static const char ending[] = ".XXXXXX";
	size_t len = strlen(document->path);
	char *beside = malloc(len + sizeof ending + 1);
	sigset_t all, before;

	if (beside == NULL)
		return run_error("out of memory");
	/* A file that is not ours to write shall not be replaced just because its
	 * directory is. */
	if (access(document->path, W_OK) != 0) {
		free(beside);
		return fail(document->path, "cannot be written");
	}
	size_t name = (size_t)(strrchr(document->path, '/') - document->path) + 1;
	snprintf(beside, len + sizeof ending + 1, "%.*s.%s%s", (int)name, document->path,
	    document->path + name, ending);
	/* An interrupt waits, lest the new file be left behind. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	int status = replace(document, beside, text, size);
	sigprocmask(SIG_SETMASK, &before, NULL);
	free(beside);
	return status;
}
