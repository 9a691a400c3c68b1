/* What the plugins of these tests refuse, read from the file that the option `rules` names. A line
 * is
 * "<access> <client id> <topic>": read, write, subscribe or unsubscribe; * is any client, a * that
 * ends the topic is anything. Where no line matches, access is granted. */

#pragma once

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rule {
    char access[16], client[64], topic[128];
};

struct rules {
    mosquitto_plugin_id_t* plugin; /* version 5 */
    const char* path;
    int count;
    struct rule list[64];
};

static inline void rules_read(struct rules* rules) {
    FILE* file = fopen(rules->path, "r");
    rules->count = 0;
    if (!file) return;
    while (rules->count < 64) {
        struct rule* next = &rules->list[rules->count];
        if (fscanf(file, "%15s %63s %127s", next->access, next->client, next->topic) != 3) break;
        ++rules->count;
    }
    fclose(file);
}

/* NULL if there is no such option. */
static inline struct rules* rules_new(const struct mosquitto_opt* options, int count) {
    for (int i = 0; i < count; ++i) {
        if (strcmp(options[i].key, "rules") != 0) continue;
        struct rules* rules = calloc(1, sizeof *rules);
        if (!rules) return NULL;
        rules->path = options[i].value;
        rules_read(rules);
        return rules;
    }
    return NULL;
}

static inline int rules_match(const char* pattern, const char* text) {
    const size_t length = strlen(pattern);
    if (length > 0 && pattern[length - 1] == '*') return strncmp(pattern, text, length - 1) == 0;
    return strcmp(pattern, text) == 0;
}

static inline const char* rules_access(int access) {
    switch (access) {
        case MOSQ_ACL_READ:
            return "read";
        case MOSQ_ACL_WRITE:
            return "write";
        case MOSQ_ACL_SUBSCRIBE:
            return "subscribe";
        default:
            return "unsubscribe";
    }
}

static inline int rules_check(const struct rules* rules, int access, const struct mosquitto* client,
                              const char* topic) {
    const char* id = mosquitto_client_id(client);
    for (int i = 0; i < rules->count; ++i) {
        const struct rule* rule = &rules->list[i];
        if (strcmp(rule->access, rules_access(access)) == 0 && id &&
            rules_match(rule->client, id) && rules_match(rule->topic, topic)) {
            return MOSQ_ERR_ACL_DENIED;
        }
    }
    return MOSQ_ERR_SUCCESS;
}
