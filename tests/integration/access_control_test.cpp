#include "access_control_test.hpp"

#include <sstream>

namespace integration {
namespace {

// PBKDF2 (SHA-512, 101 iterations) of "secret", as dynamic-security stores it.
constexpr const char* password = "secret";
constexpr const char* stored_password =
    R"("salt":"dHdlbHZlIGJ5dGVz","iterations":101,"password":)"
    R"("v/lj6L3NtZzRH+EyeyPkX06ZV2hBBVZqta7rtt0tD+UEtFehuQLthWWy1s9ZSdmRV5IZqoUymx/Udzry8Wtupw==")";

struct Acl {
    std::string type;
    std::string topic;
    bool allow;
};

// The first that matches decides: the priority falls from one to the next.
std::string role(const std::string& name, const std::vector<Acl>& acls) {
    std::ostringstream json;
    json << R"({"rolename":")" << name << R"(","acls":[)";
    int priority = static_cast<int>(acls.size());
    for (const auto& acl : acls) {
        json << R"({"acltype":")" << acl.type << R"(","topic":")" << acl.topic << R"(","allow":)"
             << (acl.allow ? "true" : "false") << R"(,"priority":)" << priority
             << (priority > 1 ? "}," : "}");
        --priority;
    }
    return json.str() + "]}";
}

std::vector<Acl> on_topics(const std::string& type, const std::vector<std::string>& topics,
                           bool allow) {
    std::vector<Acl> result;
    for (const auto& topic : topics) result.push_back({type, topic, allow});
    return result;
}

void append(std::vector<Acl>& acls, const std::vector<Acl>& more) {
    acls.insert(acls.end(), more.begin(), more.end());
}

// 2.1 shows $share/... to those who judge, as it is.
const std::vector<std::string> closed_filters{"closed/#", "$share/g/closed/#"};
const std::vector<std::string> pinned_filters{"pinned/#", "$share/g/pinned/#"};
const std::vector<std::string> all_filters{"#", "$fence/#", "$CONTROL/#", "$share/g/#"};

std::vector<Acl> everything() {
    std::vector<Acl> acls;
    for (const auto* type :
         {"publishClientSend", "publishClientReceive", "subscribePattern", "unsubscribePattern"}) {
        append(acls, on_topics(type, all_filters, true));
    }
    append(acls, {{"subscribeLiteral", "$share/g/#", true}});
    return acls;
}

std::vector<Acl> bob_by_default() {
    const std::vector<std::string> topics{"open/#", "pinned/#", "$fence/#"};
    std::vector<Acl> acls = on_topics("publishClientSend", all_filters, true);
    append(acls, on_topics("publishClientReceive", topics, true));
    for (const auto* filter : {"open/#", "secret/#", "pinned/#", "#", "+/t"}) {
        const auto both = {std::string(filter), "$share/g/" + std::string(filter)};
        append(acls, on_topics("subscribeLiteral", both, true));
        if (std::string(filter) != "pinned/#") {
            append(acls, on_topics("unsubscribeLiteral", both, true));
        }
    }
    append(acls, {{"subscribePattern", "$fence/#", true}});
    return acls;
}

std::vector<Acl> bob_by_exception() {
    std::vector<Acl> acls{{"publishClientReceive", "secret/#", false}};
    append(acls, on_topics("subscribeLiteral", closed_filters, false));
    append(acls, on_topics("unsubscribeLiteral", pinned_filters, false));
    return acls;
}

std::string dynamic_security_json(bool by_default) {
    std::ostringstream json;
    const char* otherwise = by_default ? "false" : "true";
    json << R"({"defaultACLAccess":{)";
    for (const auto* type : {"publishClientSend", "publishClientReceive", "subscribe"}) {
        json << '"' << type << "\":" << otherwise << ',';
    }
    json << R"("unsubscribe":)" << otherwise << R"(},"roles":[)" << role("everything", everything())
         << ',' << role("bob", by_default ? bob_by_default() : bob_by_exception())
         << R"(],"clients":[{"username":"bob",)" << stored_password
         << R"(,"roles":[{"rolename":"bob"}]}],)"
         << R"("groups":[{"groupname":"others","roles":[{"rolename":"everything"}]}],)"
         << R"("anonymousGroup":"others"})";
    return json.str();
}

// By default bob needs a rule to read secrets, by exception there is one against it.
std::string let_read_command(bool by_default, bool allowed) {
    const bool add = by_default == allowed;
    std::string command = R"({"commands":[{"command":")";
    command += add ? "addRoleACL" : "removeRoleACL";
    command += R"(","rolename":"bob","acltype":"publishClientReceive","topic":"secret/#")";
    if (add) command += by_default ? R"(,"allow":true)" : R"(,"allow":false)";
    return command + "}]}";
}

}  // namespace

void PrintTo(const AccessControlRow& row, std::ostream* stream) {
    *stream << row.name;
}

std::vector<AccessControlRow> each_access_control() {
    return {{"AclFile", AccessControlKind::acl_file},
            {"DynamicSecurityByDefault", AccessControlKind::dynamic_security_by_default},
            {"DynamicSecurityByException", AccessControlKind::dynamic_security_by_exception},
            {"PluginV4", AccessControlKind::plugin_v4},
            {"PluginV5", AccessControlKind::plugin_v5}};
}

Configuration AccessControlTest::configuration(AccessControlKind kind) {
    kind_ = kind;
    switch (kind) {
        case AccessControlKind::acl_file:
            write_acl_file(false);
            return {.after_plugin = {"acl_file " + broker.path("acl")}};
        case AccessControlKind::dynamic_security_by_default:
        case AccessControlKind::dynamic_security_by_exception:
            return {.after_plugin = dynamic_security()};
        case AccessControlKind::plugin_v4:
        case AccessControlKind::plugin_v5: {
            write_rules(false);
            const std::string plugin = kind == AccessControlKind::plugin_v4
                                           ? "auth_plugin " RULES_V4_PLUGIN
                                           : "plugin " RULES_V5_PLUGIN;
            return {.after_plugin = {plugin, "plugin_opt_rules " + broker.path("rules")}};
        }
    }
    return {};
}

void AccessControlTest::write_acl_file(bool bob_reads_secrets) {
    std::string text =
        "topic readwrite #\n"
        "topic readwrite $fence/#\n"
        "user bob\n"
        "topic write #\n"
        "topic read open/#\n"
        "topic read pinned/#\n";
    if (bob_reads_secrets) text += "topic read secret/#\n";
    broker.write_file("acl", text + "pattern readwrite $fence/%c\n");
}

void AccessControlTest::write_rules(bool bob_reads_secrets) {
    std::string text;
    if (!bob_reads_secrets) text += "read bob secret/*\n";
    for (const auto& filter : closed_filters) text += "subscribe bob " + filter + "\n";
    for (const auto& filter : pinned_filters) text += "unsubscribe bob " + filter + "\n";
    broker.write_file("rules", text);
}

std::vector<std::string> AccessControlTest::dynamic_security() {
    const auto file =
        broker.write_file("dynamic-security.json", dynamic_security_json(by_default()));
    return {"plugin " + environment().dynamic_security, "plugin_opt_config_file " + file};
}

void AccessControlTest::let_read_secrets(Client& bob, bool allowed) {
    const bool was_connected = bob.connected();
    switch (kind_) {
        case AccessControlKind::acl_file:
            write_acl_file(allowed);
            broker.reload();
            break;
        case AccessControlKind::plugin_v4:
            write_rules(allowed);
            broker.reload();
            break;
        case AccessControlKind::plugin_v5:
            write_rules(allowed);
            connect_client("director").publish("rules/read", "", 1);
            break;
        case AccessControlKind::dynamic_security_by_default:
        case AccessControlKind::dynamic_security_by_exception:
            connect_client("director")
                .publish("$CONTROL/dynamic-security/v1", let_read_command(by_default(), allowed),
                         1);
            if (!was_connected) break;
            loop.run_until("the end of bob's connection", [&] { return !bob.connected(); });
            bob.connect();
            break;
    }
    settle();
}

Client& AccessControlTest::connect_client(const std::string& name, ClientOptions options) {
    if (name == "bob") {
        options.username = name;
        options.password = password;
    }
    return connect(name, options);
}

std::vector<Client*> AccessControlTest::connect_clients(const std::vector<std::string>& names) {
    std::vector<Client*> result;
    for (const auto& name : names) result.push_back(&connect_client(name));
    return result;
}

std::vector<Client*> AccessControlTest::join(const std::vector<std::string>& names,
                                             const std::string& filter) {
    const auto members = connect_clients(names);
    for (Client* member : members) {
        EXPECT_EQ(member->subscribe(filter), 2) << member->id() << ' ' << filter;
    }
    return members;
}

std::size_t AccessControlTest::times_passed_over(const std::string& name) const {
    auto lines = broker.log_lines("is passed over");
    std::erase_if(lines, [&](const auto& line) { return line.find(name) == line.npos; });
    return lines.size();
}

}  // namespace integration
