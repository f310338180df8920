/* Runs a fuzz target over its corpus as an ordinary test: every file of the folder named in
 * argv[1], and every prefix of it (parsers break at the end of their input). It is not the fuzzer.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    MAX_FILE_BYTES = 1 << 20,
    MAX_PREFIXES = 512
};

/* The copy is exactly as long as the input, so that a sanitizer sees a read behind it. */
static void run(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);

    if (!copy)
        abort();
    memcpy(copy, bytes, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void replay(const char *path)
{
    static uint8_t bytes[MAX_FILE_BYTES];
    FILE *file = fopen(path, "rb");
    size_t size, step;

    if (!file) {
        printf("Bail out! cannot read %s\n", path);
        exit(1);
    }
    size = fread(bytes, 1, sizeof(bytes), file);
    (void)fclose(file);
    step = size / MAX_PREFIXES + 1;
    for (size_t length = 0; length < size; length += step)
        run(bytes, length);
    run(bytes, size);
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    const struct dirent *entry;
    unsigned count = 0;

    if (!folder) {
        printf("Bail out! cannot open the corpus %s\n", argc == 2 ? argv[1] : "(one folder)");
        return 1;
    }
    printf("1..1\n");
    while ((entry = readdir(folder))) {
        char path[4096];

        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
        printf("# %s\n", path);
        (void)fflush(stdout); /* names the culprit when the next call aborts */
        replay(path);
        count++;
    }
    (void)closedir(folder);
    printf("%s 1 - %u inputs replayed\n", count ? "ok" : "not ok", count);
    return count ? 0 : 1;
}
