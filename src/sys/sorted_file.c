/* Binary search in a file; see sorted_file.h. */
#include "sys/sorted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_BYTES 4096

struct file {
    const char *path;
    int fd;
    char bytes[BLOCK_BYTES + 2 * DW_SORTED_LINE_MAX];
};

static void close_file(struct file *file)
{
    if (file->fd >= 0)
        close(file->fd);
}

static bool fail_file(const struct file *file, struct dw_error *reterr)
{
    return dw_fail_because(reterr, DW_IO, "errno", errno, "reading %s: %s", file->path,
                           strerror(errno));
}

static bool read_at(struct file *file, int64_t at, size_t len, struct dw_slice *ret_bytes,
                    struct dw_error *reterr)
{
    size_t have = 0;

    while (have < len) {
        ssize_t count = pread(file->fd, file->bytes + have, len - have, at + (int64_t)have);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fail_file(file, reterr);
        if (count == 0)
            break;
        have += (size_t)count;
    }
    *ret_bytes = dw_slice_from(file->bytes, have);
    return true;
}

static char upper(char byte)
{
    return byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;
}

/* Of the line that begins here, as far as the key goes. */
static int compare(struct dw_slice line, struct dw_slice key)
{
    for (size_t i = 0; i < key.len; i++) {
        if (i == line.len || line.ptr[i] == '\n')
            return -1;
        if (upper(line.ptr[i]) != upper(key.ptr[i]))
            return (unsigned char)upper(line.ptr[i]) < (unsigned char)upper(key.ptr[i]) ? -1 : 1;
    }
    return 0;
}

/* Lines that begin in [low, high), of which low is the beginning of one. */
static bool scan(struct file *file, int64_t low, int64_t high, struct dw_slice key,
                 bool *ret_is_there, struct dw_error *reterr)
{
    struct dw_slice rest;
    size_t span = (size_t)(high - low);

    if (!read_at(file, low, span + DW_SORTED_LINE_MAX, &rest, reterr))
        return false;
    for (size_t at = 0; at < span && at < rest.len;) {
        struct dw_slice line = dw_slice_sub(rest, at, rest.len);

        if (compare(line, key) == 0) {
            *ret_is_there = true;
            return true;
        }
        at += dw_slice_index(line, '\n') + 1;
    }
    return true;
}

static bool search(struct file *file, int64_t size, struct dw_slice key, bool *ret_is_there,
                   struct dw_error *reterr)
{
    int64_t low = 0, high = size;
    struct dw_slice bytes;

    while (high - low > BLOCK_BYTES) {
        int64_t middle = low + (high - low) / 2;
        size_t end;

        if (!read_at(file, middle, 2 * DW_SORTED_LINE_MAX, &bytes, reterr))
            return false;
        end = dw_slice_index(bytes, '\n');
        if (end < bytes.len && middle + (int64_t)end + 1 < high &&
            compare(dw_slice_sub(bytes, end + 1, bytes.len), key) <= 0)
            low = middle + (int64_t)end + 1;
        else
            high = middle + 1; /* no line that could be it begins behind the middle */
    }
    return scan(file, low, high, key, ret_is_there, reterr);
}

bool dw_sys_sorted_file_has(const char *path, struct dw_slice key, bool *ret_is_there,
                            struct dw_error *reterr)
{
    dw_auto(close_file) struct file file = {.path = path};
    struct stat status;

    *ret_is_there = false;
    file.fd = open(path, O_RDONLY | O_CLOEXEC);
    if (file.fd < 0 || fstat(file.fd, &status) != 0)
        return fail_file(&file, reterr);
    return search(&file, status.st_size, key, ret_is_there, reterr);
}
