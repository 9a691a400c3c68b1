#include "configurations.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "../integration/environment.hpp"

namespace fuzz {
namespace {

constexpr const char* acl_file =
    "topic readwrite #\n"
    "topic readwrite $CONTROL/#\n"
    "topic readwrite $x/#\n"
    "topic read $SYS/#\n"
    "user bob\n"
    "topic write #\n"
    "topic read h/#\n"
    "topic read b\n"
    "topic read a\n";

// With the PBKDF2 (SHA-512, 101 iterations) of "secret".
constexpr const char* dynamic_security = R"({
"defaultACLAccess":{"publishClientSend":true,"publishClientReceive":true,"subscribe":true,"unsubscribe":true},
"roles":[
 {"rolename":"all","acls":[
  {"acltype":"publishClientSend","topic":"$CONTROL/#","priority":0,"allow":true},
  {"acltype":"publishClientReceive","topic":"$CONTROL/#","priority":0,"allow":true}]},
 {"rolename":"bob","acls":[
  {"acltype":"publishClientReceive","topic":"a/b","priority":0,"allow":false},
  {"acltype":"subscribeLiteral","topic":"+/b","priority":0,"allow":false}]}],
"groups":[{"groupname":"others","roles":[{"rolename":"all"}]}],
"anonymousGroup":"others",
"clients":[{"username":"bob","salt":"dHdlbHZlIGJ5dGVz","iterations":101,
 "password":"v/lj6L3NtZzRH+EyeyPkX06ZV2hBBVZqta7rtt0tD+UEtFehuQLthWWy1s9ZSdmRV5IZqoUymx/Udzry8Wtupw==",
 "roles":[{"rolename":"bob"}]}]})";

std::vector<std::string> words(const std::string& name) {
    std::vector<std::string> result;
    std::istringstream stream(name);
    for (std::string word; std::getline(stream, word, '+');) result.push_back(word);
    return result;
}

bool has(const std::string& name, const std::string& word) {
    const auto all = words(name);
    return std::ranges::find(all, word) != all.end();
}

class Maker {
  public:
    Maker(integration::Broker& broker, bool with_plugin) : broker_(broker) {
        result_.with_plugin = with_plugin;
        result_.options = {"plugin_opt_control true", "plugin_opt_sys_interval 1"};
        result_.after_plugin = {"plugin " ON_REQUEST_PLUGIN};
    }

    void add(const std::string& word) {
        if (word == "default") return;
        if (word == "persistence" || word == "file") {
            result_.first.push_back("persistence true");
            result_.first.push_back("persistence_location " + broker_.path(""));
            if (word == "file") option("persistence_file " + broker_.path("groups.db"));
        } else if (word == "per_listener_settings") {
            // It comes before what it changes the meaning of.
            result_.first.insert(result_.first.begin(), "per_listener_settings true");
        } else if (word == "no_duplicates") {
            result_.first.push_back("allow_duplicate_messages false");
        } else if (word == "limits") {
            for (const auto* line : {"max_queued_messages 5", "max_inflight_messages 2"}) {
                result_.first.push_back(line);
            }
            option("max_queued_messages 3");
        } else if (word == "bytes") {
            result_.first.push_back("max_queued_bytes 2000");
            option("max_queued_bytes 10000");
        } else if (word == "pull") {
            result_.first.push_back("max_inflight_messages 3");
            if (!integration::broker_is_20()) option("strategy least_loaded");
            option("max_held_back 1");
        } else if (word == "direct") {
            option("direct_from 1");
        } else if (word == "qos0") {
            option("queue_qos0_messages true");
        } else if (word == "no_access_control") {
            // The other plugin of the configuration does none, which 2.0 has to be told.
            option("access_control none");
        } else if (word == "redispatch") {
            option("redispatch true");
        } else if (word == "sticky" || word == "random" || word == "hash_topic" ||
                   word == "hash_clientid") {
            option("strategy " + word);
        } else {
            add_access_control(word);
        }
    }

    const integration::Configuration& result() const { return result_; }

  private:
    void option(const std::string& text) { result_.options.push_back("plugin_opt_" + text); }

    void add_access_control(const std::string& word) {
        auto& lines = result_.after_plugin;
        if (word == "acl_file") {
            lines.push_back("acl_file " + broker_.write_file("acl", acl_file));
        } else if (word == "dynamic_security") {
            const auto file = broker_.write_file("dynamic-security.json", dynamic_security);
            lines.push_back("plugin " + integration::environment().dynamic_security);
            lines.push_back("plugin_opt_config_file " + file);
        } else {
            throw std::invalid_argument("there is no configuration '" + word + "'");
        }
    }

    integration::Broker& broker_;
    integration::Configuration result_;
};

}  // namespace

std::vector<std::string> all_configurations() {
    return {"default",
            "file",
            "persistence",
            "acl_file",
            "file+limits",
            "dynamic_security",
            "no_duplicates",
            "per_listener_settings+file",
            "limits+qos0",
            "file+redispatch+hash_clientid",
            "per_listener_settings+acl_file",
            "no_duplicates+file+random",
            "bytes+sticky",
            "pull",
            "pull+bytes+file",
            "direct+file",
            "direct+limits+random",
            "file+dynamic_security+hash_topic"};
}

integration::Configuration make_configuration(const std::string& name, integration::Broker& broker,
                                              bool with_plugin) {
    Maker maker(broker, with_plugin);
    for (const auto& word : words(name)) maker.add(word);
    if (!restricts(name)) maker.add("no_access_control");
    return maker.result();
}

bool keeps_groups(const std::string& name) {
    return has(name, "file");
}
bool keeps_what_it_drops(const std::string& name) {
    return integration::environment().broker == integration::BrokerVersion::v20_later &&
           has_limits(name);
}
bool has_limits(const std::string& name) {
    return has(name, "limits") || has(name, "bytes");
}

bool has_small_windows(const std::string& name) {
    return has(name, "limits") || has(name, "pull");
}
bool has_direct_members(const std::string& name) {
    return has(name, "direct") && integration::broker_is_20();
}

bool restricts(const std::string& name) {
    return has(name, "acl_file") || has(name, "dynamic_security");
}
bool denies_the_away(const std::string& name) {
    return has(name, "per_listener_settings") && integration::broker_denies_the_away();
}
bool learns_late(const std::string& name) {
    return denies_the_away(name) || has_direct_members(name);
}
bool is_for_this_broker(const std::string& name) {
    const auto& environment = integration::environment();
    return environment.broker_preload.empty() ||
           environment.broker != integration::BrokerVersion::v20 ||
           !(restricts(name) && keeps_groups(name));
}

}  // namespace fuzz
