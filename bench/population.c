/* Fills a tenant's store with many of everything, through the store's own functions, so that what
 * it costs to have them can be measured (bench/tenant.mjs).
 *   population DATABASE PASSWORD USERS CLIENTS ORGANIZATIONS FROM_CLIENT    u0@example.com ... with
 * that password; applications app0 ... with the settings of FROM_CLIENT; organizations org-0 ...,
 * where user N is a member of organization N % ORGANIZATIONS. What is there already stays. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/password.h"
#include "store/connections.h"
#include "store/organizations.h"
#include "store/store.h"
#include "sys/sys.h"

#define CONNECTION "Username-Password-Authentication"

enum {
    WRITERS = 32, /* the store commits in groups: more at once are faster */
    ARENA_BYTES = 1 << 20
};

struct work {
    struct dw_store *store;
    struct dw_slice password_hash;
    const struct dw_oauth_client *pattern;
    const struct dw_connection_record *database; /* that all users are of */
    long users, clients, organizations;
    int writer;
};

static void give_up(const struct dw_error *error)
{
    (void)fprintf(stderr, "population: %s (%s)\n", error->message, error->cause);
    exit(1);
}

static void add_user(const struct work *work, long number, struct dw_arena *arena)
{
    struct dw_error error;
    int64_t now_s = dw_sys_wall_s();
    struct dw_user user = {
        .id = dw_arena_printf(arena, "auth0|%024lx", number),
        .connection = DW_LIT(CONNECTION),
        .email = dw_arena_printf(arena, "u%ld@example.com", number),
        .is_email_verified = true,
        .name = dw_arena_printf(arena, "User %ld", number),
        .nickname = dw_arena_printf(arena, "u%ld", number),
        .password_hash = dw_secret_from(work->password_hash),
        .app_metadata_json = DW_LIT("{}"),
        .user_metadata_json = DW_LIT("{}"),
        .created_at_s = now_s,
        .updated_at_s = now_s,
    };

    if (!dw_store_add_user(work->store, &user, &error) && error.code != DW_CONFLICT)
        give_up(&error);
}

static void add_client(const struct work *work, long number, struct dw_arena *arena)
{
    struct dw_error error;
    struct dw_oauth_client client = *work->pattern;

    client.id = dw_arena_printf(arena, "app%ld", number);
    client.name = dw_arena_printf(arena, "Application %ld", number);
    if (!dw_store_put_client(work->store, &client, &error))
        give_up(&error);
}

static void add_organization(const struct work *work, long number, struct dw_arena *arena)
{
    struct dw_organization organization = {
        .id = dw_arena_printf(arena, "org_%016lx", number),
        .name = dw_arena_printf(arena, "org-%ld", number),
        .display_name = dw_arena_printf(arena, "Organization %ld", number),
        .branding_json = DW_LIT("{}"),
        .metadata_json = DW_LIT("{}"),
        .created_at_s = dw_sys_wall_s(),
    };
    struct dw_organization_connection link = {
        .organization_id = organization.id,
        .connection_id = work->database->id,
        .shows_as_button = true,
    };
    struct dw_error error;

    if (!dw_store_put_organization(work->store, &organization, &error) ||
        !dw_store_put_organization_connection(work->store, &link, &error))
        give_up(&error);
    /* User 0 may be of the seed, with another id. */
    for (long k = number ? number : work->organizations; k < work->users; k += work->organizations)
        if (!dw_store_add_member(work->store, organization.id,
                                 dw_arena_printf(arena, "auth0|%024lx", k),
                                 organization.created_at_s, &error))
            give_up(&error);
}

/* Users are there by then. */
static void *write_organizations(void *user)
{
    const struct work *work = user;

    for (long i = work->writer; i < work->organizations; i += WRITERS) {
        dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(ARENA_BYTES);

        if (!arena)
            abort();
        add_organization(work, i, arena);
    }
    return NULL;
}

static void *write_share(void *user)
{
    const struct work *work = user;

    for (long i = work->writer; i < work->users || i < work->clients; i += WRITERS) {
        dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(ARENA_BYTES);

        if (!arena)
            abort();
        if (i < work->users)
            add_user(work, i, arena);
        if (i < work->clients)
            add_client(work, i, arena);
    }
    return NULL;
}

static void fill(const struct work *pattern, void *(*write)(void *user))
{
    struct work works[WRITERS];
    pthread_t threads[WRITERS];

    for (int i = 0; i < WRITERS; i++) {
        works[i] = *pattern;
        works[i].writer = i;
        if (pthread_create(&threads[i], NULL, write, &works[i]) != 0)
            abort();
    }
    for (int i = 0; i < WRITERS; i++)
        (void)pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
    static const unsigned char salt[DW_PASSWORD_SALT_BYTES] = "one for everyone";
    struct dw_arena *arena = dw_arena_new(ARENA_BYTES);
    struct dw_store_config config = {.size = sizeof config, .path = argc == 7 ? argv[1] : NULL};
    struct dw_connection_record *database = NULL;
    struct dw_oauth_client *from = NULL;
    struct dw_error error;
    struct work work = {.store = NULL};

    if (argc != 7 || !arena) {
        (void)fprintf(
            stderr,
            "usage: population DATABASE PASSWORD USERS CLIENTS ORGANIZATIONS FROM_CLIENT\n");
        return 2;
    }
    work.users = strtol(argv[3], NULL, 10);
    work.clients = strtol(argv[4], NULL, 10);
    work.organizations = strtol(argv[5], NULL, 10);
    work.store = dw_store_open(&config, &error);
    if (!work.store ||
        !dw_password_hash(dw_secret_from(dw_slice_from_text(argv[2])), salt, arena,
                          &work.password_hash, &error) ||
        !dw_store_client(work.store, dw_slice_from_text(argv[6]), arena, &from, &error) ||
        !dw_store_connection_by_name(work.store, DW_LIT(CONNECTION), arena, &database, &error))
        give_up(&error);
    if (!from || !database) {
        (void)fprintf(stderr, "population: there is no application %s, or no %s\n", argv[6],
                      CONNECTION);
        return 1;
    }
    work.pattern = from;
    work.database = database;
    fill(&work, write_share);
    fill(&work, write_organizations);
    dw_store_close(work.store);
    return 0;
}
