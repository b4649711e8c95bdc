// test_pfcp_ie.c - information elements read into a tree: each of the table, and all that a peer may get wrong.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_put.h"
#include "ctrl/pfcp/codec/message.h"

static struct pfcp_tree tree;
static struct pfcp_fault fault;
static uint8_t bytes[65536];

static size_t written(const struct pfcp_writer *writer)
{
	assert_false(writer->full);
	return (size_t)(writer->at - writer->start);
}

// Create PDR without what `without` names.
static void pdr_put(struct pfcp_writer *writer, unsigned id, unsigned without)
{
	static const struct pfcp_fteid choose = { .choose = true, .address.has_ipv4 = true };
	uint8_t *pdr, *pdi;

	pfcp_begin(writer, PFCP_IE_CREATE_PDR, &pdr);
	if (without != PFCP_IE_PDR_ID)
		pfcp_put_u16(writer, PFCP_IE_PDR_ID, (uint16_t)id);
	pfcp_put_u32(writer, PFCP_IE_PRECEDENCE, 100);
	pfcp_begin(writer, PFCP_IE_PDI, &pdi);
	if (without != PFCP_IE_SOURCE_INTERFACE)
		pfcp_put_u8(writer, PFCP_IE_SOURCE_INTERFACE, PFCP_SOURCE_INTERFACE_ACCESS);
	pfcp_put_fteid(writer, PFCP_IE_F_TEID, &choose);
	pfcp_end(writer, pdi);
	pfcp_put_u32(writer, PFCP_IE_FAR_ID, id);
	pfcp_end(writer, pdr);
}

static size_t establishment(unsigned pdrs, unsigned without)
{
	static const struct pfcp_node_id node = { .kind = PFCP_NODE_ID_NAME, .name = "smf.example" };
	static const struct pfcp_fseid fseid = { .seid = 7, .address = { .has_ipv4 = true, .ipv4 = 0x0a000001 } };
	struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));
	uint8_t *far;

	if (without != PFCP_IE_NODE_ID)
		pfcp_put_node_id(&writer, PFCP_IE_NODE_ID, &node);
	if (without != PFCP_IE_F_SEID)
		pfcp_put_fseid(&writer, PFCP_IE_F_SEID, &fseid);
	for (unsigned i = 0; i < pdrs; i++)
		pdr_put(&writer, i + 1, without);
	pfcp_begin(&writer, PFCP_IE_CREATE_FAR, &far);
	if (without != PFCP_IE_FAR_ID)
		pfcp_put_u32(&writer, PFCP_IE_FAR_ID, 1);
	pfcp_put_flags(&writer, PFCP_IE_APPLY_ACTION, PFCP_APPLY_ACTION_DROP, 2);
	pfcp_end(&writer, far);
	return written(&writer);
}

static int establishment_read(size_t length)
{
	return pfcp_read(PFCP_MESSAGE(PFCP_SESSION_ESTABLISHMENT_REQUEST), bytes, length, &tree, &fault);
}

static void tree_is_what_was_written(void **state)
{
	size_t length = establishment(3, 0);
	const struct pfcp_ie *pdr, *pdi;
	struct pfcp_fteid fteid;
	struct pfcp_node_id node;
	unsigned id = 0;

	assert_int_equal(establishment_read(length), 0);
	assert_int_equal(pfcp_get_node_id(pfcp_first(&tree, NULL, PFCP_IE_NODE_ID), &node), 0);
	assert_string_equal(node.name, "smf.example");
	for (pdr = pfcp_first(&tree, NULL, PFCP_IE_CREATE_PDR); pdr; pdr = pfcp_again(&tree, pdr)) {
		assert_int_equal(pfcp_number(pfcp_first(&tree, pdr, PFCP_IE_PDR_ID)), ++id);
		pdi = pfcp_first(&tree, pdr, PFCP_IE_PDI);
		assert_int_equal(pfcp_get_fteid(pfcp_first(&tree, pdi, PFCP_IE_F_TEID), &fteid), 0);
		assert_true(fteid.choose && fteid.address.has_ipv4 && !fteid.address.has_ipv6);
		assert_null(pfcp_first(&tree, pdr, PFCP_IE_QER_ID));
	}
	assert_int_equal(id, 3);
}

static void missing_mandatory_is_named(void **state)
{
	static const unsigned mandatory[] = { PFCP_IE_NODE_ID, PFCP_IE_F_SEID, PFCP_IE_PDR_ID, PFCP_IE_SOURCE_INTERFACE,
					      PFCP_IE_FAR_ID };

	for (unsigned i = 0; i < sizeof(mandatory) / sizeof(*mandatory); i++) {
		assert_int_equal(establishment_read(establishment(2, mandatory[i])), -EPROTO);
		assert_int_equal(fault.cause, PFCP_CAUSE_MANDATORY_MISSING);
		assert_int_equal(fault.offending, mandatory[i]);
	}
	assert_int_equal(establishment_read(establishment(0, 0)), -EPROTO);
	assert_int_equal(fault.offending, PFCP_IE_CREATE_PDR);
}

// From a page's end: whoever reads behind it would be seen by valgrind and by the fuzzers; here it is that nothing is accepted.
static void truncated_at_every_byte(void **state)
{
	size_t length = establishment(2, 0);

	for (size_t cut = 0; cut < length; cut++) {
		assert_int_equal(establishment_read(cut), -EPROTO);
		assert_true(fault.cause == PFCP_CAUSE_INVALID_LENGTH || fault.cause == PFCP_CAUSE_MANDATORY_MISSING);
	}
	assert_int_equal(establishment_read(length), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree_is_what_was_written),
		cmocka_unit_test(missing_mandatory_is_named),
		cmocka_unit_test(truncated_at_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
