// Include this last in each file of the core: it fails where one of Mosquitto's headers was seen.

#if defined(MOSQUITTO_H) || defined(MOSQUITTO_BROKER_H) || defined(MOSQUITTO_PLUGIN_H)
#error "The core does not know the broker: use shared_subscription/broker.hpp."
#endif
