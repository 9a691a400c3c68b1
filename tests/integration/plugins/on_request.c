/* A plugin that does on request what any plugin may do. A message to
 *   request/publish  "<count> <QoS> <retain> <topic> <payload>" publishes that many equal messages,
 *   request/kick     "<client id>"                              ends the connection of that client,
 * all before the broker goes on with anything else. */

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdio.h>
#include <string.h>

static mosquitto_plugin_id_t* plugin;

static void publish(const char* request) {
    int count, qos, retain;
    char topic[100], payload[100];
    if (sscanf(request, "%d %d %d %99s %99s", &count, &qos, &retain, topic, payload) != 5) return;
    for (int i = 0; i < count; ++i) {
        mosquitto_broker_publish_copy(NULL, topic, (int)strlen(payload), payload, qos, retain != 0,
                                      NULL);
    }
}

static int on_message(int event, void* data, void* user_data) {
    const struct mosquitto_evt_message* message = data;
    char request[300] = "";
    (void)event;
    (void)user_data;
    if (message->payloadlen >= sizeof request) return MOSQ_ERR_SUCCESS;
    if (message->payloadlen > 0) memcpy(request, message->payload, message->payloadlen);
    if (strcmp(message->topic, "request/publish") == 0) publish(request);
    if (strcmp(message->topic, "request/kick") == 0) {
        mosquitto_kick_client_by_clientid(request, true);
    }
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
    (void)user_data;
    (void)options;
    (void)count;
    plugin = identifier;
    return mosquitto_callback_register(plugin, MOSQ_EVT_MESSAGE, on_message, NULL, NULL);
}

int mosquitto_plugin_cleanup(void* user_data, struct mosquitto_opt* options, int count) {
    (void)user_data;
    (void)options;
    (void)count;
    return mosquitto_callback_unregister(plugin, MOSQ_EVT_MESSAGE, on_message, NULL);
}
