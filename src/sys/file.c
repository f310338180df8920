/* Whole files: read with a limit, and replaced so that a crash leaves the old or the new one. */
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static bool fail_io(struct dw_error *reterr, const char *doing, const char *path)
{
    int why = errno;

    dw_fail(reterr, DW_IO, "cannot %s %.100s: %s", doing, path, strerror(why));
    if (reterr)
        reterr->library_code = why;
    return false;
}

static bool read_all(int fd, const char *path, char *bytes, size_t size, size_t *ret_len,
                     struct dw_error *reterr)
{
    size_t len = 0;

    while (len < size) {
        ssize_t got = read(fd, bytes + len, size - len);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_io(reterr, "read", path);
        if (got == 0)
            break;
        len += (size_t)got;
    }
    *ret_len = len;
    return true;
}

bool dw_sys_read_file(const char *path, size_t max_bytes, struct dw_arena *arena,
                      struct dw_slice *ret_bytes, struct dw_error *reterr)
{
    dw_auto(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    size_t size = max_bytes, len = 0;
    struct stat about;
    char *bytes;

    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return dw_fail(reterr, DW_NOT_FOUND, "there is no file %.120s", path);
    if (fd < 0 || fstat(fd, &about) != 0)
        return fail_io(reterr, "open", path);
    if (S_ISDIR(about.st_mode))
        return dw_fail(reterr, DW_IO, "cannot read %.100s: it is a directory", path);
    /* Files of /proc are of size 0 and have bytes. */
    if (S_ISREG(about.st_mode) && about.st_size > 0 && (uint64_t)about.st_size < max_bytes)
        size = (size_t)about.st_size;
    bytes = dw_arena_alloc(arena, size + 1); /* one more tells a longer file, and a NUL fits */
    if (!bytes)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!read_all(fd, path, bytes, size + 1, &len, reterr))
        return false;
    if (len > size)
        return dw_fail(reterr, DW_TOO_LARGE, "%.100s is larger than %zu bytes", path, size);
    bytes[len] = '\0';
    *ret_bytes = dw_slice_from(bytes, len);
    return true;
}

static bool write_all(int fd, const char *path, struct dw_slice bytes, struct dw_error *reterr)
{
    while (bytes.len) {
        ssize_t put = write(fd, bytes.ptr, bytes.len);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return fail_io(reterr, "write", path);
        bytes = dw_slice_sub(bytes, (size_t)put, bytes.len);
    }
    return true;
}

/* Without this a crash may undo the rename. */
static bool sync_folder_of(const char *path, struct dw_error *reterr)
{
    dw_auto(close_fd) int fd = -1;
    const char *end = strrchr(path, '/');
    char folder[PATH_MAX];

    snprintf(folder, sizeof folder, "%.*s", end ? (int)(end - path) + 1 : 1, end ? path : ".");
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return fail_io(reterr, "write to disk the folder", folder);
    return true;
}

static bool write_beside(const char *path, const char *beside, unsigned mode, struct dw_slice bytes,
                         struct dw_error *reterr)
{
    dw_auto(close_fd) int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return fail_io(reterr, "create", path);
    if (!write_all(fd, path, bytes, reterr))
        return false;
    if (fchmod(fd, (mode_t)mode) != 0 || fsync(fd) != 0)
        return fail_io(reterr, "write", path);
    return true;
}

/* The draft lies beside the file, so that rename(2) and link(2) can put it in place. */
static bool write_draft(const char *path, unsigned mode, struct dw_slice bytes,
                        char beside[static PATH_MAX], struct dw_error *reterr)
{
    unsigned char random[8];

    dw_sys_random(random, sizeof random);
    if (snprintf(beside, PATH_MAX, "%s.%02x%02x%02x%02x%02x%02x%02x%02x", path, random[0],
                 random[1], random[2], random[3], random[4], random[5], random[6],
                 random[7]) >= PATH_MAX)
        return dw_fail(reterr, DW_IO, "cannot write %.100s: the path is too long", path);
    if (write_beside(path, beside, mode, bytes, reterr))
        return true;
    unlink(beside);
    return false;
}

bool dw_sys_write_file(const char *path, unsigned mode, struct dw_slice bytes,
                       struct dw_error *reterr)
{
    char beside[PATH_MAX];

    if (!write_draft(path, mode, bytes, beside, reterr))
        return false;
    if (rename(beside, path) != 0) {
        fail_io(reterr, "write", path);
        unlink(beside);
        return false;
    }
    return sync_folder_of(path, reterr);
}

bool dw_sys_make_file(const char *path, unsigned mode, struct dw_slice bytes,
                      struct dw_error *reterr)
{
    char beside[PATH_MAX];
    bool is_made;

    if (!write_draft(path, mode, bytes, beside, reterr))
        return false;
    is_made = link(beside, path) == 0 || errno == EEXIST;
    if (!is_made)
        fail_io(reterr, "make", path);
    unlink(beside);
    return is_made && sync_folder_of(path, reterr);
}

static bool make_one(const char *path, struct dw_error *reterr)
{
    struct stat about;

    if (mkdir(path, 0700) == 0)
        return true;
    if (errno != EEXIST)
        return fail_io(reterr, "make the directory", path);
    if (stat(path, &about) != 0)
        return fail_io(reterr, "open the directory", path);
    if (!S_ISDIR(about.st_mode))
        return dw_fail(reterr, DW_IO, "cannot make the directory %.100s: a file is in the way",
                       path);
    return true;
}

bool dw_sys_make_folder(const char *path, struct dw_error *reterr)
{
    char folder[PATH_MAX];
    size_t len = strlen(path);

    if (len == 0 || len >= sizeof folder)
        return dw_fail(reterr, DW_IO, "cannot make a directory: its path is empty or too long");
    memcpy(folder, path, len + 1);
    for (size_t i = 1; i < len; i++) {
        if (folder[i] != '/')
            continue;
        folder[i] = '\0';
        if (!make_one(folder, reterr))
            return false;
        folder[i] = '/';
    }
    return make_one(folder, reterr);
}
