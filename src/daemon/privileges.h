/* SPDX-License-Identifier: BSD-2-Clause */
/* privileges.h - the door to libcap-ng: who the daemon is once it has started, and the
 * two capabilities that it keeps.
 *
 * CAP_NET_ADMIN is for addresses and routes, CAP_NET_RAW for capture and injection, also
 * when the interface is deleted and made anew. Built without libcap-ng nothing is
 * dropped, and -u is refused. */
#ifndef VLBD_PRIVILEGES_H
#define VLBD_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

struct privileges {
	bool change; /* become USER; else that is who we are */
	char user[33];
	uid_t uid;
	gid_t gid;
};

/* Whom to become: USER (-u); NULL: the one that was chosen when this was built, where
 * there is such a user. A process that is not root stays who it is. 0, or -1 (logged):
 * there is no such user, or only root could become it. */
int privileges_find(struct privileges *privileges, const char *user);

/* Could that user read the file PATH? For a process without threads that ends soon: it is
 * without supplementary groups afterwards. */
bool privileges_may_read(const struct privileges *privileges, const char *path);

/* Before the drop: the daemon's own directories, /run/vlbd where SOCKET is in it and
 * /var/lib/vlbd where STATE is that, belong to the user from now on. Others are the
 * administrator's. */
void privileges_give(
    const struct privileges *privileges, const char *socket, const char *state);

/* Become that user, keep the two capabilities, gain none ever again (prctl(2),
 * PR_SET_NO_NEW_PRIVS). Before any thread is made: capabilities belong to threads. 0, or
 * -1 (logged), also when one of the two is missing. */
int privileges_drop(const struct privileges *privileges);

#endif
