/* Typed input and output, progress, cancellation: a forecast from monthly means. Each day takes a
 * moment, as it would if a weather service were asked. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <doorward/doorward.h>

#define DAY_MS 50

static const struct {
    const char *city;
    double means_c[12];
} climates[] = {
    {"Berlin", {0.6, 1.4, 4.8, 9.8, 14.4, 17.8, 19.7, 19.4, 15.0, 10.0, 5.1, 1.9}},
    {"Cairo", {14.1, 15.4, 18.3, 22.2, 25.6, 27.9, 28.7, 28.7, 27.0, 24.2, 19.4, 15.5}},
    {"Lima", {22.6, 23.4, 22.9, 21.2, 19.0, 17.4, 16.6, 16.2, 16.4, 17.3, 18.7, 20.8}},
    {"Oslo", {-2.8, -2.3, 1.4, 6.1, 11.3, 15.1, 17.6, 16.3, 11.8, 6.3, 1.5, -2.3}},
};

static const char input_schema[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"city\"],\"properties\":{"
    "\"city\":{\"type\":\"string\",\"enum\":[\"Berlin\",\"Cairo\",\"Lima\",\"Oslo\"]},"
    "\"month\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":12,\"default\":1},"
    "\"days\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":14,\"default\":3},"
    "\"unit\":{\"type\":\"string\",\"enum\":[\"C\",\"F\"],\"default\":\"C\"}}}";

static const char output_schema[] =
    "{\"type\":\"object\",\"required\":[\"city\",\"unit\",\"temperatures\"],\"properties\":{"
    "\"city\":{\"type\":\"string\"},\"unit\":{\"type\":\"string\"},"
    "\"temperatures\":{\"type\":\"array\",\"items\":{\"type\":\"number\"}}}}";

static bool equals(struct dw_slice slice, const char *text)
{
    return slice.len == strlen(text) && memcmp(slice.ptr, text, slice.len) == 0;
}

/* A warmer and a colder day around the month's mean, in turn. */
static double temperature(struct dw_slice city, int64_t month, int64_t day, bool is_fahrenheit)
{
    double celsius = 0;

    for (size_t i = 0; i < sizeof climates / sizeof climates[0]; i++)
        if (equals(city, climates[i].city))
            celsius = climates[i].means_c[month - 1] + (day % 2 ? 1.5 : -1.5);
    return is_fahrenheit ? celsius * 9 / 5 + 32 : celsius;
}

static bool forecast(void *user, struct dw_call *call, struct dw_error *reterr)
{
    const struct timespec pause = {.tv_nsec = DAY_MS * 1000000L};
    struct dw_slice city = dw_text(""), unit = dw_text("C");
    int64_t days = 3, month = 1;
    char list[14 * 16] = "";
    size_t used = 0;

    (void)user;
    /* The schema has been checked: city is there and everything is in its range. */
    dw_call_text(call, "city", &city);
    dw_call_text(call, "unit", &unit);
    dw_call_int(call, "days", &days);
    dw_call_int(call, "month", &month);
    for (int64_t day = 0; day < days; day++) {
        if (dw_call_is_cancelled(call))
            return DW_ERROR(reterr, DW_INTERNAL, "cancelled after %d days", (int)day);
        nanosleep(&pause, NULL);
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%.1f", day ? "," : "",
                                 temperature(city, month, day, equals(unit, "F")));
        dw_call_progress(call, (double)(day + 1), (double)days, "asked for one more day");
    }
    dw_call_set_structured(
        call, dw_call_printf(call, "{\"city\":\"%.*s\",\"unit\":\"%.*s\",\"temperatures\":[%s]}",
                             (int)city.len, city.ptr, (int)unit.len, unit.ptr, list));
    return true;
}

int main(int argc, char **argv)
{
    struct dw_server *server = dw_server_new("weather", "1.0.0");
    struct dw_tool tool = {
        .size = sizeof tool,
        .name = "forecast",
        .title = "Weather forecast",
        .description = "Temperatures of the next days in one of four cities",
        .input_schema = input_schema,
        .output_schema = output_schema,
        .annotations = "{\"readOnlyHint\":true}",
        .run = forecast,
    };

    dw_server_with_oauth_from_env(server);
    dw_server_with_arguments(server, argc, argv);
    dw_server_with_tool(server, &tool);
    return dw_server_serve(server);
}
