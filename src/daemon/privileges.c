/* SPDX-License-Identifier: BSD-2-Clause */
/* privileges.c - libcap-ng, and nothing but libcap-ng: less than root. */
#include "privileges.h"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

#ifdef HAVE_LIBCAP_NG
#include <cap-ng.h>
#endif

static void
keep_user(struct privileges *privileges, const struct passwd *entry)
{
	snprintf(privileges->user, sizeof(privileges->user), "%s", entry->pw_name);
	privileges->uid = entry->pw_uid;
	privileges->gid = entry->pw_gid;
	privileges->change = entry->pw_uid != geteuid();
}

int
privileges_find(struct privileges *privileges, const char *user)
{
	const char *name = user != NULL ? user : DEFAULT_USER;
	const struct passwd *entry = getpwuid(geteuid());

	*privileges = (struct privileges){ .user = "nobody we know" };
	if (entry != NULL)
		keep_user(privileges, entry);
	if (geteuid() != 0 && user == NULL)
		return 0;
	entry = getpwnam(name);
	if (entry == NULL && user == NULL)
		return 0;
	if (entry == NULL) {
		log_errx("there is no user %s on this host; `useradd --system %s' makes "
			 "one, and -u takes another",
		    name, name);
		return -1;
	}
	if (entry->pw_uid != geteuid() && geteuid() != 0) {
		log_errx("only root can become %s; start as root, or as %s without -u",
		    name, name);
		return -1;
	}
	keep_user(privileges, entry);
	return 0;
}

bool
privileges_may_read(const struct privileges *privileges, const char *path)
{
	if (!privileges->change)
		return access(path, R_OK) == 0;
	if (setgroups(0, NULL) != 0 || setegid(privileges->gid) != 0 ||
	    seteuid(privileges->uid) != 0)
		return true; /* we cannot find out; the daemon will say so itself */
	bool may = faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0;
	if (seteuid(0) != 0 || setegid(0) != 0)
		log_err("cannot become root again");
	return may;
}

static void
give_directory(const struct privileges *privileges, const char *path)
{
	struct stat found;

	if (mkdir(path, 0755) != 0 && errno != EEXIST)
		return; /* whoever needs it will say so */
	if (lstat(path, &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == 0 &&
	    lchown(path, privileges->uid, privileges->gid) != 0)
		log_warn("cannot give %s to %s", path, privileges->user);
}

void
privileges_give(
    const struct privileges *privileges, const char *socket, const char *state)
{
	if (!privileges->change)
		return;
	if (strncmp(socket, "/run/vlbd/", 10) == 0)
		give_directory(privileges, "/run/vlbd");
	if (strcmp(state, "/var/lib/vlbd") == 0)
		give_directory(privileges, state);
}

#ifdef HAVE_LIBCAP_NG
/* A service manager may have left us these two only, and then forbids to set any. */
static bool
has_more(void)
{
	for (unsigned one = 0; one <= CAP_LAST_CAP; one++)
		if (one != CAP_NET_ADMIN && one != CAP_NET_RAW &&
		    capng_have_capability(CAPNG_PERMITTED, one))
			return true;
	return false;
}

static int
drop(const struct privileges *privileges)
{
	if (capng_get_caps_process() != 0 ||
	    !capng_have_capability(CAPNG_PERMITTED, CAP_NET_ADMIN) ||
	    !capng_have_capability(CAPNG_PERMITTED, CAP_NET_RAW)) {
		log_errx("cannot configure addresses: run as root, or with CAP_NET_ADMIN "
			 "and CAP_NET_RAW");
		return -1;
	}
	bool may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	bool more = has_more();
	capng_clear(CAPNG_SELECT_ALL);
	(void)capng_updatev(CAPNG_ADD, (capng_type_t)(CAPNG_EFFECTIVE | CAPNG_PERMITTED),
	    CAP_NET_ADMIN, CAP_NET_RAW, -1);
	if (privileges->change) {
		int status = capng_change_id((int)privileges->uid, (int)privileges->gid,
		    (capng_flags_t)(CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING));
		if (status == 0)
			return 0;
		log_errx("cannot become %s (libcap-ng: %d, %s); -u root stays root, with "
			 "CAP_NET_ADMIN and CAP_NET_RAW only",
		    privileges->user, status, strerror(errno));
		return -1;
	}
	/* Without CAP_SETPCAP the bounding set stays; no new privileges make it idle. */
	if ((may_bound && capng_apply(CAPNG_SELECT_BOUNDS) != 0) ||
	    (more && capng_apply(CAPNG_SELECT_CAPS) != 0)) {
		log_err("cannot drop capabilities");
		return -1;
	}
	(void)capng_apply(CAPNG_SELECT_AMBIENT); /* kernels before 4.3 have none */
	return 0;
}
#else
static int
drop(const struct privileges *privileges)
{
	if (!privileges->change)
		return 0;
	log_errx("cannot become %s: this vlbd was built without libcap-ng; -u root goes "
		 "on as root",
	    privileges->user);
	return -1;
}
#endif

int
privileges_drop(const struct privileges *privileges)
{
	if (drop(privileges) != 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		log_warn("cannot do without new privileges");
#ifdef HAVE_LIBCAP_NG
	if (privileges->change || geteuid() != 0)
		log_info("running as %s, with CAP_NET_ADMIN and CAP_NET_RAW only",
		    privileges->user);
	else
		log_info("running as root, with CAP_NET_ADMIN and CAP_NET_RAW only; a "
			 "user %s, or -u, would make it less",
		    DEFAULT_USER);
#endif
	return 0;
}
