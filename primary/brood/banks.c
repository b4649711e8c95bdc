// banks.c - keeps the descriptors of banks. The fleet thread only, but for banks_bytes.
#include "primary/brood/banks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/log.h"

#define BANK_BYTES_MAX (1ull << 40)

static uint64_t banks_image_bytes(const struct region_shape *shape)
{
	return (image_bytes(shape->slots, shape->rates, shape->sheet) + PLANE_PAGE - 1) & ~(uint64_t)(PLANE_PAGE - 1);
}

uint64_t banks_bytes(const struct region_shape *shape)
{
	return bank_bytes(shape) + banks_image_bytes(shape);
}

static int banks_failed(const char *what, uint64_t bytes, int error)
{
	log_error("bank.make", "%s: %llu hugepages of 2 MB: %s", what, (unsigned long long)(bytes / PLANE_PAGE),
		  error == -ENOMEM ? "too few are free" : strerror(-error));
	return error;
}

static int banks_make(struct banks *banks, unsigned i, const char *lines, uint64_t bytes)
{
	int fd = bank_make("shoal-bank", bytes);

	if (fd < 0)
		return banks_failed("bank of shards", bytes, fd);
	banks->bank[i].fd = fd;
	banks->bank[i].bytes = bytes;
	snprintf(banks->bank[i].lines, sizeof(banks->bank[i].lines), "%s", lines);
	return (int)i;
}

int banks_get(struct banks *banks, const char *lines, uint64_t bytes)
{
	int vacant = -ENOSPC;

	if (!bytes || bytes % PLANE_PAGE || bytes > BANK_BYTES_MAX)
		return -EINVAL;
	for (unsigned i = PLANE_BANKS; i-- > 0;) {
		if (banks->bank[i].fd < 0)
			vacant = (int)i;
		else if (!strcmp(banks->bank[i].lines, lines))
			return banks->bank[i].bytes == bytes ? (int)i : -EINVAL;
	}
	return vacant < 0 ? vacant : banks_make(banks, (unsigned)vacant, lines, bytes);
}

void banks_drop(struct banks *banks, unsigned bank)
{
	if (banks->bank[bank].fd >= 0)
		close(banks->bank[bank].fd);
	banks->bank[bank].fd = -1;
}

int banks_open(struct banks *banks, const struct region_shape *shape)
{
	uint64_t bytes = banks_image_bytes(shape);
	int bank;

	for (unsigned i = 0; i < PLANE_BANKS; i++)
		banks->bank[i].fd = -1;
	banks->image = bank_make("shoal-image", bytes);
	if (banks->image < 0)
		return banks_failed("image", bytes, banks->image);
	bank = banks_get(banks, plane_lines, bank_bytes(shape));
	return bank < 0 ? bank : 0;
}

void banks_close(struct banks *banks)
{
	for (unsigned i = 0; i < PLANE_BANKS; i++)
		banks_drop(banks, i);
	if (banks->image >= 0)
		close(banks->image);
	banks->image = -1;
}
