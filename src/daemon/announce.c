/* SPDX-License-Identifier: BSD-2-Clause */
/* announce.c - libnet, and nothing but libnet.
 *
 * The bytes are arp_build()'s, so that there is one wire format; libnet opens the link
 * layer and injects. */
#include "announce.h"

#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

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
		log_errx("cannot send on %s: %s", interface, error);
		announce_close(announce);
		return NULL;
	}
	/* A full queue is a failure to report, not something to wait for. */
	int fd = libnet_getfd(announce->libnet);
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
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
	return libnet_geterror(announce->libnet);
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
