/* SPDX-License-Identifier: BSD-2-Clause */
/* ctlsock_peer.c - who a client is, by the kernel's word, and what it may. */
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctlsock_internal.h"

enum { MOST_GROUPS = 65536 }; /* NGROUPS_MAX of Linux */

static gid_t
group_by_name(const char *name)
{
	const struct group *group = getgrnam(name);

	return group != NULL ? group->gr_gid : CTLSOCK_NO_GROUP;
}

struct ctlsock_rights
ctlsock_rights(void)
{
	return (struct ctlsock_rights){
		.readers = group_by_name(CTLSOCK_READERS),
		.admins = group_by_name(CTLSOCK_ADMINS),
	};
}

static enum ctlsock_may
group_may(const struct ctlsock_rights *rights, gid_t group)
{
	if (group == CTLSOCK_NO_GROUP)
		return CTLSOCK_NOTHING;
	if (group == rights->admins)
		return CTLSOCK_STEER;
	return group == rights->readers ? CTLSOCK_ASK : CTLSOCK_NOTHING;
}

/* What the best of its supplementary groups allows. Kernels before 4.13 do not tell them:
 * there the primary group alone counts. */
static enum ctlsock_may
groups_may(const struct ctlsock_rights *rights, int fd)
{
	enum ctlsock_may best = CTLSOCK_NOTHING;
#ifdef SO_PEERGROUPS
	gid_t few[64], *groups = few;
	socklen_t size = sizeof(few);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) != 0) {
		if (errno != ERANGE || size > MOST_GROUPS * sizeof(gid_t))
			return best;
		groups = malloc(size);
		if (groups == NULL)
			return best;
		if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) != 0)
			size = 0;
	}
	for (size_t i = 0; i < size / sizeof(gid_t); i++) {
		enum ctlsock_may may = group_may(rights, groups[i]);
		if (may > best)
			best = may;
	}
	if (groups != few)
		free(groups);
#else
	(void)rights, (void)fd;
#endif
	return best;
}

enum ctlsock_may
ctlsock_peer(const struct ctlsock *ctlsock, int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
	    size != sizeof(peer))
		return CTLSOCK_NOTHING;
	if (peer.uid == 0 || peer.uid == ctlsock->own)
		return CTLSOCK_STEER;
	enum ctlsock_may own = group_may(&ctlsock->rights, peer.gid);
	enum ctlsock_may others = groups_may(&ctlsock->rights, fd);
	return own > others ? own : others;
}
