/* SPDX-License-Identifier: BSD-2-Clause */
/* sniff.c - libpcap, and nothing but libpcap. */
#include "sniff.h"

#include <net/if.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

enum {
	SNAPLEN = 128, /* a slot of the ring; small slots make a large ring */
	BUFFER = 2 * 1024 * 1024,
	TIMEOUT_MS = 10 /* without effect in immediate mode, but must be set */
};

struct sniff {
	pcap_t *pcap;
	char interface[IF_NAMESIZE];
	sniff_frame *hear;
	void *user;
};

static int
fail(pcap_t *pcap, const char *interface, int status)
{
	const char *why = pcap_geterr(pcap);

	if (status == PCAP_ERROR_NO_SUCH_DEVICE)
		log_errx("no interface %s on this host; `ip link' lists those there are",
		    interface);
	else if (status == PCAP_ERROR_PERM_DENIED)
		log_errx(
		    "cannot capture on %s: run as root, or with CAP_NET_RAW", interface);
	else if (status == PCAP_ERROR_IFACE_NOT_UP)
		log_errx("cannot capture on %s: it is down; ip link set %s up", interface,
		    interface);
	else
		log_errx("cannot capture on %s: %s", interface,
		    why[0] != '\0' ? why : pcap_statustostr(status));
	return -1;
}

/* The kernel takes one tag off before it filters, so that tagged frames pass too, and
 * libpcap puts it back: arp_parse() looks at them. The second half lets frames with more
 * tags through, of which the outer ones may be mere priority tags: behind a second one
 * that is there may be any number. The word "vlan" is avoided: from there on the rest of
 * a filter looks behind the tag. */
#define FILTER                                                                           \
	"arp or ((ether[12:2] = 0x8100 or ether[12:2] = 0x88a8) and "                    \
	"(ether[16:2] = 0x0806 or ether[14:2] & 0x0fff = 0))"

static int
set_filter(pcap_t *pcap, const char *interface)
{
	struct bpf_program program;

	if (pcap_compile(pcap, &program, FILTER, 1, PCAP_NETMASK_UNKNOWN) != 0)
		return fail(pcap, interface, PCAP_ERROR);
	int status = pcap_setfilter(pcap, &program);
	pcap_freecode(&program);
	return status == 0 ? 0 : fail(pcap, interface, status);
}

static int
activate(pcap_t *pcap, const char *interface)
{
	char error[PCAP_ERRBUF_SIZE];

	pcap_set_snaplen(pcap, SNAPLEN);
	pcap_set_promisc(pcap, 0);
	pcap_set_timeout(pcap, TIMEOUT_MS);
	pcap_set_immediate_mode(pcap, 1);
	pcap_set_buffer_size(pcap, BUFFER);
	int status = pcap_activate(pcap);
	if (status < 0)
		return fail(pcap, interface, status);
	if (pcap_datalink(pcap) != DLT_EN10MB) {
		log_errx("%s is no Ethernet interface", interface);
		return -1;
	}
	if (pcap_setdirection(pcap, PCAP_D_IN) != 0)
		return fail(pcap, interface, PCAP_ERROR);
	if (pcap_setnonblock(pcap, 1, error) != 0) {
		log_errx("cannot capture on %s: %s", interface, error);
		return -1;
	}
	return set_filter(pcap, interface);
}

struct sniff *
sniff_open(const char *interface)
{
	char error[PCAP_ERRBUF_SIZE];
	struct sniff *sniff = calloc(1, sizeof(*sniff));

	if (sniff == NULL) {
		log_err("out of memory");
		return NULL;
	}
	strncpy(sniff->interface, interface, sizeof(sniff->interface) - 1);
	sniff->pcap = pcap_create(interface, error);
	if (sniff->pcap == NULL) {
		log_errx("cannot capture on %s: %s", interface, error);
		sniff_close(sniff);
		return NULL;
	}
	if (activate(sniff->pcap, interface) != 0) {
		sniff_close(sniff);
		return NULL;
	}
	return sniff;
}

int
sniff_fd(const struct sniff *sniff)
{
	return pcap_get_selectable_fd(sniff->pcap);
}

static void
on_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
	struct sniff *sniff = (struct sniff *)(void *)user;

	sniff->hear(sniff->user, bytes, header->caplen);
}

int
sniff_read(struct sniff *sniff, int limit, sniff_frame *hear, void *user)
{
	sniff->hear = hear;
	sniff->user = user;
	int count = pcap_dispatch(sniff->pcap, limit, on_packet, (u_char *)(void *)sniff);
	if (count >= 0)
		return count;
	log_warnx("capture on %s ended: %s", sniff->interface, pcap_geterr(sniff->pcap));
	return -1;
}

uint64_t
sniff_dropped(struct sniff *sniff)
{
	struct pcap_stat stat;

	return pcap_stats(sniff->pcap, &stat) == 0 ? stat.ps_drop : 0;
}

void
sniff_close(struct sniff *sniff)
{
	if (sniff == NULL)
		return;
	if (sniff->pcap != NULL)
		pcap_close(sniff->pcap);
	free(sniff);
}
