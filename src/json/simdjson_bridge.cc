/* simdjson's first stage, one parser a thread. */
#include "json/simdjson_bridge.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <new>

#include <simdjson.h>

namespace
{

/* A thread keeps this much ready: 64 Ki bytes of text cost 512 KiB at most. */
const size_t kept_bytes = 64 * 1024;
const size_t first_bytes = 4 * 1024;

struct indexer {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
    std::unique_ptr<uint32_t[]> scratch;
    size_t capacity = 0;
};

thread_local indexer ready;

bool grow(size_t len)
{
    size_t wanted = ready.capacity ? ready.capacity : first_bytes;

    while (wanted < len)
        wanted *= 2;
    ready = indexer();
    ready.scratch.reset(new (std::nothrow) uint32_t[wanted + 8]);
    /* The depth is for simdjson's second stage, which is not used. */
    if (!ready.scratch || simdjson::get_active_implementation()->create_dom_parser_implementation(
                              wanted, 1, ready.parser) != simdjson::SUCCESS) {
        ready = indexer();
        return false;
    }
    ready.capacity = wanted;
    return true;
}

dw_json_index_result result_of(simdjson::error_code code)
{
    if (code == simdjson::SUCCESS)
        return DW_JSON_INDEX_DONE;
    if (code == simdjson::MEMALLOC)
        return DW_JSON_INDEX_NO_MEMORY;
    if (code == simdjson::CAPACITY)
        return DW_JSON_INDEX_TOO_LONG;
    if (code == simdjson::EMPTY)
        return DW_JSON_INDEX_EMPTY;
    if (code == simdjson::UTF8_ERROR)
        return DW_JSON_INDEX_BAD_UTF8;
    if (code == simdjson::UNESCAPED_CHARS || code == simdjson::UNCLOSED_STRING)
        return DW_JSON_INDEX_BAD_STRING;
    return DW_JSON_INDEX_BROKEN;
}

} // namespace

dw_json_index_result dw_json_index_make(const char *text, size_t len, dw_json_index *ret_index)
{
    simdjson::error_code code;

    if (len == 0)
        return DW_JSON_INDEX_EMPTY;
    if (len > UINT32_MAX / 2)
        return DW_JSON_INDEX_TOO_LONG;
    if (len > ready.capacity && !grow(len))
        return DW_JSON_INDEX_NO_MEMORY;
    code = ready.parser->stage1(reinterpret_cast<const uint8_t *>(text), len,
                                simdjson::stage1_mode::regular);
    if (code != simdjson::SUCCESS)
        return result_of(code);
    ret_index->at = ready.parser->structural_indexes.get();
    ret_index->count = ready.parser->n_structural_indexes;
    ready.parser->structural_indexes[ret_index->count] = static_cast<uint32_t>(len);
    ret_index->scratch = ready.scratch.get();
    return DW_JSON_INDEX_DONE;
}

void dw_json_index_done(void)
{
    if (ready.capacity > kept_bytes)
        ready = indexer();
}

bool dw_json_double_read(const char *text, const char *end, double *ret_number)
{
    std::from_chars_result result = std::from_chars(text, end, *ret_number);

    /* Too large, or so small that it is zero: strtod tells which. */
    if (result.ec == std::errc::result_out_of_range)
        *ret_number = std::strtod(text, nullptr);
    else if (result.ec != std::errc() || result.ptr != end)
        return false;
    return std::isfinite(*ret_number);
}

size_t dw_json_double_text(double number, char *ret_text)
{
    std::to_chars_result result = std::to_chars(ret_text, ret_text + DW_JSON_DOUBLE_SIZE, number);

    return result.ec == std::errc() ? static_cast<size_t>(result.ptr - ret_text) : 0;
}
