#include "odd_values.hpp"

namespace fuzz {
namespace {

std::string repeat(const std::string& part, int times) {
    std::string result;
    for (int i = 0; i < times; ++i) result += part;
    return result;
}

const std::string deep_topic = "d" + repeat("/d", 150);

std::string malformed_subscribe(const std::string& filter) {
    return frame(PacketType::subscribe, 2, two_bytes(9) + byte(0) + text(filter) + byte(1));
}

std::string malformed_publish(const std::string& body, unsigned flags = 0) {
    return frame(PacketType::publish, flags, body);
}

}  // namespace

const std::vector<std::string>& topics() {
    static const std::vector<std::string> result{"a",
                                                 "a",
                                                 "a/b",
                                                 "a/b",
                                                 "a/b/c",
                                                 "b",
                                                 "b/b",
                                                 "h/x",
                                                 "h/x",
                                                 "h/y",
                                                 "/",
                                                 "/a",
                                                 "a//b",
                                                 "\xC3\xA4/\xE2\x82\xAC",
                                                 "$x/y",
                                                 deep_topic,
                                                 "h/" + repeat("long", 500)};
    return result;
}

const std::vector<std::string>& filters() {
    static const std::vector<std::string> result{"#",
                                                 "#",
                                                 "a/#",
                                                 "a/#",
                                                 "a/b",
                                                 "a/b",
                                                 "a/+",
                                                 "a",
                                                 "+/b",
                                                 "+/+",
                                                 "+",
                                                 "b",
                                                 "h/#",
                                                 "h/x",
                                                 "/",
                                                 "+/#",
                                                 "a//b",
                                                 "+//+",
                                                 "$x/#",
                                                 "\xC3\xA4/#",
                                                 deep_topic,
                                                 deep_topic + "/#",
                                                 "d" + repeat("/+", 150)};
    return result;
}

const std::vector<std::string>& odd_group_names() {
    static const std::vector<std::string> result{"$queue",
                                                 "$share",
                                                 "$SYS",
                                                 " ",
                                                 "a b",
                                                 "%",
                                                 "g%2F",
                                                 "\xC3\xA4",
                                                 "\xE2\x80\xAEg",
                                                 "~",
                                                 "g~",
                                                 "g~1",
                                                 std::string(2000, 'g')};
    return result;
}

const std::vector<std::string>& malformed_filters() {
    static const std::vector<std::string> result{"$share",
                                                 "$share/",
                                                 "$share/g",
                                                 "$share/g/",
                                                 "$share//a",
                                                 "$share/g+/a",
                                                 "$share/#/a",
                                                 "$share/+/a",
                                                 "$share/g/a/#/b",
                                                 "$share/g/a+",
                                                 "$queue",
                                                 "$queue/",
                                                 "$queue/#/a",
                                                 "$queue/$queue/a",
                                                 "$queue/$share/g/a",
                                                 "$share/g/$share/h/a",
                                                 "$share/g/$queue/a",
                                                 "$queue/a#",
                                                 "$sharex/g/a",
                                                 "$queuex/a"};
    return result;
}

const std::vector<RawPacket>& raw_packets() {
    static const std::vector<RawPacket> result{
        {"\x82", true},
        {std::string("\x82\x13\0\1\0\0\x0D$share/g", 14), true},
        {"\xFF\xFF\xFF\xFF\xFF", true},
        {std::string("\x10\x0C\0\4MQTT\5\2\0\x3C\0\0", 14), true},
        {malformed_subscribe(""), true},
        {malformed_subscribe(std::string("a\0b", 3)), true},
        {malformed_subscribe("$share/g/a\xFF"), true},
        {malformed_subscribe("a/#/b"), true},
        {frame(PacketType::subscribe, 2, two_bytes(9) + byte(0)), true},
        {frame(PacketType::unsubscribe, 2, two_bytes(9) + byte(0)), true},
        {malformed_publish(text("a") + two_bytes(1) + byte(0), 6), true},
        {malformed_publish(text("a/#") + byte(0)), true},
        {malformed_publish(text("") + byte(0)), true},
        {malformed_publish(text("a") + encode({{.identifier = property::topic_alias}})), true},
        {malformed_publish(text("a") +
                           encode({{.identifier = property::topic_alias, .number = 60000}})),
         true},
        {malformed_publish(
             text("a") + encode({{.identifier = property::subscription_identifier, .number = 1}})),
         true},
        {malformed_publish(text("a") +
                           encode({{.identifier = property::response_topic, .text = "a/#"}})),
         true},
        {frame(PacketType::puback, 0, two_bytes(60000)), false},
        {frame(PacketType::pubcomp, 0, two_bytes(60000)), false},
        {frame(PacketType::pubrel, 2, two_bytes(60000)), false},
    };
    return result;
}

const std::vector<std::string>& control_requests() {
    static const std::vector<std::string> result{
        R"({"commands":[{"command":"pauseMember","group":"GROUP","filter":"FILTER","clientid":"CLIENT"}]})",
        R"({"commands":[{"command":"resumeMember","group":"GROUP","filter":"FILTER","clientid":"CLIENT"}]})",
        R"({"commands":[{"command":"removeMember","group":"GROUP","filter":"FILTER","clientid":"CLIENT"}]})",
        R"({"commands":[{"command":"setStrategy","group":"GROUP","strategy":"STRATEGY"}]})",
        R"({"commands":[{"command":"setStrategy","strategy":"STRATEGY"}]})",
        R"({"commands":[{"command":"listGroups","verbose":true},{"command":"getGroup","group":"GROUP"}]})",
        R"({"commands":[{"command":"getGroup","group":"GROUP","filter":"FILTER"}]})",
        R"({"commands":[{"command":7},{},[],null,{"command":"listGroups","count":-1}]})",
        R"({"commands":{}})",
        "[[[[[[[[[[",
        "\xFF\xFE",
        "",
    };
    return result;
}

Properties odd_properties(Random& random) {
    const std::vector<std::string> texts{"",
                                         "x",
                                         "text/plain",
                                         std::string(60000, 'p'),
                                         "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x90\x9F",
                                         "\xEF\xBB\xBFmark",
                                         "\xC2\xA0",
                                         "%s%n",
                                         "\xE2\x80\xAEright"};
    const auto odd = [&] { return texts[random.below(static_cast<unsigned>(texts.size()))]; };
    Properties result;
    if (random.one_in(3)) {
        result.push_back({.identifier = property::payload_format, .number = random.below(2)});
    }
    if (random.one_in(3)) result.push_back({.identifier = property::content_type, .text = odd()});
    if (random.one_in(4))
        result.push_back({.identifier = property::correlation_data, .text = odd()});
    if (random.one_in(4)) {
        result.push_back(
            {.identifier = property::response_topic, .text = random.one_in(3) ? "" : "r/t"});
    }
    if (random.one_in(3)) {
        const auto count = random.one_in(10) ? 300U : 1 + random.below(3);
        for (unsigned i = 0; i < count; ++i) {
            result.push_back({.identifier = property::user,
                              .text = count > 10 ? "n" : odd(),
                              .value = count > 10 ? "v" : odd()});
        }
    }
    if (random.one_in(6))
        result.push_back({.identifier = property::message_expiry, .number = 100000});
    return result;
}

}  // namespace fuzz
