/* toml++ reads; this copies its tree into ours, with tables in the order of the file. */
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

extern "C" {
#include "toml/tomlplusplus_bridge.h"
}

namespace
{

struct memory {
    void *(*alloc)(void *arena, size_t size);
    void *arena;

    template <typename T> T *make(size_t count) const
    {
        /* Sizes are small: the text is at most 1 MiB. */
        void *made = alloc(arena, count * sizeof(T) + 1);

        if (!made)
            throw std::bad_alloc();
        std::memset(made, 0, count * sizeof(T) + 1);
        return static_cast<T *>(made);
    }

    dw_slice copy(std::string_view text) const
    {
        char *made = make<char>(text.size());

        std::memcpy(made, text.data(), text.size());
        return dw_slice{made, text.size()};
    }
};

void convert(const toml::node &node, const memory &memory, dw_toml *ret);

void convert_table(const toml::table &table, const memory &memory, dw_toml *ret)
{
    std::vector<std::pair<const toml::key *, const toml::node *>> members;
    dw_toml_member *made = memory.make<dw_toml_member>(table.size());

    for (const auto &[key, value] : table)
        members.emplace_back(&key, &value);
    std::stable_sort(members.begin(), members.end(), [](const auto &a, const auto &b) {
        const toml::source_position &left = a.first->source().begin;
        const toml::source_position &right = b.first->source().begin;

        return left.line != right.line ? left.line < right.line : left.column < right.column;
    });
    for (size_t i = 0; i < members.size(); i++) {
        made[i].key = memory.copy(members[i].first->str());
        made[i].line = static_cast<int>(members[i].first->source().begin.line);
        made[i].column = static_cast<int>(members[i].first->source().begin.column);
        convert(*members[i].second, memory, &made[i].value);
    }
    ret->type = DW_TOML_TABLE;
    ret->members = made;
    ret->member_count = members.size();
}

void convert_array(const toml::array &array, const memory &memory, dw_toml *ret)
{
    dw_toml *made = memory.make<dw_toml>(array.size());

    for (size_t i = 0; i < array.size(); i++)
        convert(*array.get(i), memory, &made[i]);
    ret->type = DW_TOML_ARRAY;
    ret->items = made;
    ret->item_count = array.size();
}

template <typename T> dw_slice time_text(const T &value, const memory &memory)
{
    std::ostringstream out;

    out << value;
    return memory.copy(out.str());
}

void convert_time(const toml::node &node, const memory &memory, dw_toml *ret)
{
    ret->type = DW_TOML_TIME;
    if (node.is_date())
        ret->text = time_text(node.as_date()->get(), memory);
    else if (node.is_time())
        ret->text = time_text(node.as_time()->get(), memory);
    else
        ret->text = time_text(node.as_date_time()->get(), memory);
}

void convert(const toml::node &node, const memory &memory, dw_toml *ret)
{
    ret->line = static_cast<int>(node.source().begin.line);
    ret->column = static_cast<int>(node.source().begin.column);
    if (node.is_table()) {
        convert_table(*node.as_table(), memory, ret);
    } else if (node.is_array()) {
        convert_array(*node.as_array(), memory, ret);
    } else if (node.is_string()) {
        ret->type = DW_TOML_TEXT;
        ret->text = memory.copy(node.as_string()->get());
    } else if (node.is_integer()) {
        ret->type = DW_TOML_INT;
        ret->integer = node.as_integer()->get();
    } else if (node.is_floating_point()) {
        ret->type = DW_TOML_DOUBLE;
        ret->number = node.as_floating_point()->get();
    } else if (node.is_boolean()) {
        ret->type = DW_TOML_BOOL;
        ret->boolean = node.as_boolean()->get();
    } else {
        convert_time(node, memory, ret);
    }
}

} // namespace

bool dw_toml_bridge_parse(const char *text, size_t len, void *(*alloc)(void *arena, size_t size),
                          void *arena, dw_toml *ret_table, dw_toml_failure *ret_failure)
{
    *ret_failure = dw_toml_failure();
    try {
        convert_table(toml::parse(std::string_view(text, len)), memory{alloc, arena}, ret_table);
        ret_table->line = ret_table->column = 1;
        return true;
    } catch (const toml::parse_error &error) {
        std::string_view what = error.description();

        ret_failure->line = static_cast<int>(error.source().begin.line);
        ret_failure->column = static_cast<int>(error.source().begin.column);
        std::snprintf(ret_failure->what, sizeof ret_failure->what, "%.*s",
                      static_cast<int>(what.size()), what.data());
    } catch (const std::bad_alloc &) {
        ret_failure->is_out_of_memory = true;
    } catch (const std::exception &error) {
        std::snprintf(ret_failure->what, sizeof ret_failure->what, "%s", error.what());
    }
    return false;
}
