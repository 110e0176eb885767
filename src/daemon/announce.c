/* SPDX-License-Identifier: BSD-2-Clause */
/* announce.c - libnet, and nothing but libnet.
 *
 * The bytes are arp_build()'s, so that there is one wire format; libnet opens the link
 * layer and injects. */
#include "announce.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "log.h"

/* Its headers say `const' less often than we do. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include <libnet.h>
#pragma GCC diagnostic pop

struct announce {
	libnet_t *libnet;
};

/* libnet ends its words with a line feed. */
static const char *
one_line(char *text)
{
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* libnet opens a socket that hears every frame of every interface, and never reads it:
 * let none in. And a full queue is a failure to report, not something to wait for. */
static int
only_send(int fd)
{
	struct sock_filter refuse = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog all = { 1, &refuse };
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -1;
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof(all));
}

struct announce *
announce_open(const char *interface)
{
	char error[LIBNET_ERRBUF_SIZE] = "";
	struct announce *announce = calloc(1, sizeof(*announce));

	if (announce == NULL) {
		log_err("out of memory");
		return NULL;
	}
	announce->libnet = libnet_init(LIBNET_LINK_ADV, interface, error);
	if (announce->libnet == NULL) {
		log_errx("cannot send on %s: %s", interface, one_line(error));
		announce_close(announce);
		return NULL;
	}
	if (only_send(libnet_getfd(announce->libnet)) != 0) {
		log_err("cannot send on %s", interface);
		announce_close(announce);
		return NULL;
	}
	return announce;
}

int
announce_send(struct announce *announce, const struct arp *arp)
{
	uint8_t frame[ARP_FRAME_LEN];

	arp_build(arp, frame);
	int sent = libnet_adv_write_link(announce->libnet, frame, sizeof(frame));
	return sent == (int)sizeof(frame) ? 0 : -1;
}

const char *
announce_error(struct announce *announce)
{
	const char *text = one_line(libnet_geterror(announce->libnet));

	return text[0] != '\0' ? text : strerror(errno);
}

void
announce_close(struct announce *announce)
{
	if (announce == NULL)
		return;
	if (announce->libnet != NULL)
		libnet_destroy(announce->libnet);
	free(announce);
}
