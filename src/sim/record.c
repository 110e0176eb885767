/* SPDX-License-Identifier: BSD-2-Clause */
/* record.c - a capture file, written as tcpdump(8) would, with nanoseconds. Its clock is
 * the world's: it begins in 1970. */
#include "record.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

enum { SNAPLEN = 65535 };

struct record {
	pcap_t *pcap;
	pcap_dumper_t *file;
};

struct record *
record_open(const char *path)
{
	struct record *record = calloc(1, sizeof(*record));

	if (record == NULL) {
		fputs("vlbsim: out of memory\n", stderr);
		return NULL;
	}
	record->pcap = pcap_open_dead_with_tstamp_precision(
	    DLT_EN10MB, SNAPLEN, PCAP_TSTAMP_PRECISION_NANO);
	if (record->pcap == NULL)
		fputs("vlbsim: libpcap: out of memory\n", stderr);
	else if ((record->file = pcap_dump_open(record->pcap, path)) == NULL)
		fprintf(stderr, "vlbsim: %s\n", pcap_geterr(record->pcap));
	if (record->file != NULL)
		return record;
	record_close(record);
	return NULL;
}

void
record_frame(struct record *record, const struct arp *arp, uint64_t at_ns)
{
	const uint64_t second_ns = 1000000000;
	uint8_t frame[ARP_FRAME_LEN];
	struct pcap_pkthdr header = {
		/* With this precision tv_usec holds nanoseconds. */
		.ts = { (time_t)(at_ns / second_ns), (suseconds_t)(at_ns % second_ns) },
		.caplen = ARP_FRAME_LEN,
		.len = ARP_FRAME_LEN,
	};

	arp_build(arp, frame);
	pcap_dump((u_char *)record->file, &header, frame);
}

int
record_close(struct record *record)
{
	int status = 0;

	if (record == NULL)
		return 0;
	if (record->file != NULL) {
		if (pcap_dump_flush(record->file) != 0 ||
		    ferror(pcap_dump_file(record->file)) != 0) {
			perror("vlbsim: cannot write the capture file");
			status = -1;
		}
		pcap_dump_close(record->file);
	}
	if (record->pcap != NULL)
		pcap_close(record->pcap);
	free(record);
	return status;
}
