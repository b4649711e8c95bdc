// abi.h - what a poll-mode driver must know of DPDK 22.11 that its public headers do not say.
//
// DPDK has headers for drivers outside its tree (enable_driver_sdk), but Debian's packages come without them, though the libraries
// export what they declare. So the few things we use are declared here: where fields lie, and which number an operation has,
// in the stable series 22.11, whose libraries keep their layout (version DPDK_23, symbols INTERNAL). Nothing here fits another
// series: port.c looks at rte_version() and stays away from any other. `check-abi` compares all of it with DPDK's own sources.
#pragma once
#include <stddef.h>
#include <rte_ethdev.h>

#define ABI_SERIES "DPDK 22.11."

struct rte_eth_dev_data {
	char name[RTE_ETH_NAME_MAX_LEN];
	void **rx_queues, **tx_queues;
	uint16_t nb_rx_queues, nb_tx_queues;
	uint8_t unused_virtual[8];
	void *dev_private; // rte_free'd with the device
	struct rte_eth_link dev_link;
	struct rte_eth_conf dev_conf;
	uint16_t mtu;
	uint8_t unused_sizes[14];
	struct rte_ether_addr *mac_addrs; // rte_free'd with the device, unless null
	uint8_t unused_filters[1032];
	uint16_t port_id;
};

// A device is the library's; we only write into it.
struct rte_eth_dev {
	eth_rx_burst_t rx_pkt_burst;
	eth_tx_burst_t tx_pkt_burst;
	void *unused_queues[4];
	struct rte_eth_dev_data *data;
	void *unused_process;
	const struct abi_ops *dev_ops;
	struct rte_device *device;
};

// Operations by their number, each of its own type.
enum abi_op {
	ABI_CONFIGURE = 0,    // int (device)
	ABI_START = 1,        // int (device)
	ABI_STOP = 2,         // int (device)
	ABI_CLOSE = 5,        // int (device)
	ABI_LINK_UPDATE = 7,  // int (device, int wait)
	ABI_PROMISCUOUS = 9,  // int (device), on; the next one: off
	ABI_MULTICAST = 11,   // the same
	ABI_MAC_SET = 15,     // int (device, struct rte_ether_addr *)
	ABI_MTU_SET = 17,     // int (device, uint16_t)
	ABI_STATS = 18,       // int (device, struct rte_eth_stats *)
	ABI_STATS_RESET = 19, // int (device)
	ABI_XSTATS = 20,      // int (device, struct rte_eth_xstat *, unsigned)
	ABI_XSTATS_RESET = 21,
	ABI_XSTATS_NAMES = 22, // int (device, struct rte_eth_xstat_name *, unsigned)
	ABI_INFO = 24,         // int (device, struct rte_eth_dev_info *)
	ABI_RX_SETUP = 41,     // int (device, queue, slots, node, const struct rte_eth_rxconf *, struct rte_mempool *)
	ABI_TX_SETUP = 45,     // int (device, queue, slots, node, const struct rte_eth_txconf *)
	ABI_OPS = 113,
};

struct abi_ops {
	void (*op[ABI_OPS])(void);
};
#define ABI_OP(function) ((void (*)(void))(function))

struct abi_vdev {
	void *unused_list[2];
	uint8_t device[]; // struct rte_device
};

struct abi_vdev_driver {
	void *unused_list[4];
	const char *name, *alias;
	int (*probe)(struct abi_vdev *);
	int (*remove)(struct abi_vdev *);
	void *unused_dma[2];
	uint32_t flags;
};

void rte_vdev_register(struct abi_vdev_driver *driver);
struct rte_eth_dev *rte_eth_dev_allocate(const char *name);
struct rte_eth_dev *rte_eth_dev_allocated(const char *name);
int rte_eth_dev_release_port(struct rte_eth_dev *device);
void rte_eth_dev_probing_finish(struct rte_eth_dev *device);

_Static_assert(offsetof(struct rte_eth_dev_data, dev_private) == 96, "22.11");
_Static_assert(offsetof(struct rte_eth_dev_data, dev_conf) == 112, "22.11");
_Static_assert(offsetof(struct rte_eth_dev_data, mac_addrs) == 2400, "22.11");
_Static_assert(offsetof(struct rte_eth_dev_data, port_id) == 3440, "22.11");
_Static_assert(offsetof(struct rte_eth_dev, data) == 48 && offsetof(struct rte_eth_dev, dev_ops) == 64, "22.11");
_Static_assert(offsetof(struct abi_vdev_driver, probe) == 48 && sizeof(struct abi_vdev_driver) == 88, "22.11");
