/* An auth plugin of version 4 with the rules of rules.h. It reads them again when the broker
 * reloads its configuration. */

#include "rules.h"

int mosquitto_auth_plugin_version(void) {
    return 4;
}

int mosquitto_auth_plugin_init(void** user_data, struct mosquitto_opt* options, int count) {
    *user_data = rules_new(options, count);
    return *user_data ? MOSQ_ERR_SUCCESS : MOSQ_ERR_INVAL;
}

int mosquitto_auth_plugin_cleanup(void* user_data, struct mosquitto_opt* options, int count) {
    (void)options;
    (void)count;
    free(user_data);
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_auth_security_init(void* user_data, struct mosquitto_opt* options, int count,
                                 bool reload) {
    (void)options;
    (void)count;
    (void)reload;
    rules_read(user_data);
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_auth_security_cleanup(void* user_data, struct mosquitto_opt* options, int count,
                                    bool reload) {
    (void)user_data;
    (void)options;
    (void)count;
    (void)reload;
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_auth_acl_check(void* user_data, int access, struct mosquitto* client,
                             const struct mosquitto_acl_msg* message) {
    return rules_check(user_data, access, client, message->topic);
}
