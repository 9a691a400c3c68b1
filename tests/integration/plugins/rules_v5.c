/* A plugin of version 5 with the rules of rules.h. It reads them again at a message to rules/read.
 */

#include "rules.h"

static int on_acl_check(int event, void* data, void* user_data) {
    const struct mosquitto_evt_acl_check* check = data;
    (void)event;
    return rules_check(user_data, check->access, check->client, check->topic);
}

static int on_message(int event, void* data, void* user_data) {
    const struct mosquitto_evt_message* message = data;
    (void)event;
    if (strcmp(message->topic, "rules/read") == 0) rules_read(user_data);
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_version(int count, const int* versions) {
    for (int i = 0; i < count; ++i) {
        if (versions[i] == 5) return 5;
    }
    return -1;
}

int mosquitto_plugin_init(mosquitto_plugin_id_t* identifier, void** user_data,
                          struct mosquitto_opt* options, int count) {
    struct rules* rules = rules_new(options, count);
    if (!rules) return MOSQ_ERR_INVAL;
    *user_data = rules;
    rules->plugin = identifier;
    mosquitto_callback_register(identifier, MOSQ_EVT_MESSAGE, on_message, NULL, rules);
    return mosquitto_callback_register(identifier, MOSQ_EVT_ACL_CHECK, on_acl_check, NULL, rules);
}

int mosquitto_plugin_cleanup(void* user_data, struct mosquitto_opt* options, int count) {
    struct rules* rules = user_data;
    (void)options;
    (void)count;
    mosquitto_callback_unregister(rules->plugin, MOSQ_EVT_MESSAGE, on_message, NULL);
    mosquitto_callback_unregister(rules->plugin, MOSQ_EVT_ACL_CHECK, on_acl_check, NULL);
    free(rules);
    return MOSQ_ERR_SUCCESS;
}
