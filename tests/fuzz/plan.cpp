#include "plan.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>

#include "odd_values.hpp"
#include "random.hpp"

namespace fuzz {
namespace {

constexpr std::uint32_t forever = 0xFFFFFFFF;

struct Weight {
    ActionKind kind;
    unsigned weight;
};
constexpr std::array weights{
    Weight{ActionKind::publish, 300},    Weight{ActionKind::subscribe, 200},
    Weight{ActionKind::connect, 120},    Weight{ActionKind::unsubscribe, 70},
    Weight{ActionKind::acknowledge, 50}, Weight{ActionKind::disconnect, 40},
    Weight{ActionKind::close, 40},       Weight{ActionKind::withhold, 30},
    Weight{ActionKind::resume, 30},      Weight{ActionKind::release, 30},
    Weight{ActionKind::reset, 20},       Weight{ActionKind::stall, 20},
    Weight{ActionKind::control, 25},     Weight{ActionKind::other_plugin, 20},
    Weight{ActionKind::resend, 15},      Weight{ActionKind::raw, 10},
    Weight{ActionKind::reload, 6},       Weight{ActionKind::restart, 4},
    Weight{ActionKind::crash, 1},        Weight{ActionKind::wait, 3},
};

bool is_restart(ActionKind kind) {
    return kind == ActionKind::restart || kind == ActionKind::crash;
}

std::string origin(char kind, std::size_t action, int client) {
    return kind + std::to_string(action) + "c" + std::to_string(client) + "|";
}

class Planner {
  public:
    explicit Planner(std::uint64_t seed) : random_(seed), restarts_(random_.one_in(2)) {}

    Action next(std::size_t number) {
        if (scene_.empty() && number > 8 && random_.one_in(60)) plan_death();
        if (!scene_.empty()) return next_of_scene(number);
        Action action{.kind = choose_kind(number), .number = number};
        action_ = &action;
        fill();
        return action;
    }

  private:
    ActionKind choose_kind(std::size_t number) {
        if (number < 8) return ActionKind::connect;
        unsigned sum = 0;
        for (const auto& each : weights) sum += each.weight;
        auto place = random_.below(sum);
        for (const auto& each : weights) {
            if (place < each.weight)
                return is_restart(each.kind) && !restarts_ ? ActionKind::publish : each.kind;
            place -= each.weight;
        }
        return ActionKind::publish;
    }

    void fill() {
        Action& action = *action_;
        switch (action.kind) {
            case ActionKind::control:
                return fill_control();
            case ActionKind::other_plugin:
                return fill_other_plugin();
            case ActionKind::wait:
                action.count = random_.one_in(2) ? 1200 : 2500;
                return;
            case ActionKind::reload:
            case ActionKind::restart:
            case ActionKind::crash:
                if (action.kind != ActionKind::reload) connected_.fill(false);
                return;
            default:
                break;
        }
        action.client = choose_client(action.kind != ActionKind::connect);
        switch (action.kind) {
            case ActionKind::connect:
                return fill_connect();
            case ActionKind::disconnect:
            case ActionKind::close:
            case ActionKind::reset:
                connected_[index()] = false;
                return;
            case ActionKind::subscribe:
                return fill_subscribe();
            case ActionKind::unsubscribe:
                return fill_unsubscribe();
            case ActionKind::publish:
                return fill_publish();
            case ActionKind::acknowledge:
                action.count = static_cast<int>(random_.below(4));
                return;
            case ActionKind::raw:
                return fill_raw();
            default:
                return;
        }
    }

    // What hardly comes about by chance: a member acknowledges nothing, and its session ends while
    // another is there.
    void plan_death() {
        const std::vector<std::string> filters{"a/#", "a/b", "+/b", "#"};
        const std::vector<Subscription> group{{"$share/g/" + choose(filters), 1}};
        constexpr unsigned workers = restricted_client - first_member;
        const auto place = random_.below(workers);
        const int worker = first_member + static_cast<int>(place);
        const int other = first_member + static_cast<int>((place + 1) % workers);
        const auto add = [this](Action action) { scene_.push_back(std::move(action)); };
        add({.kind = ActionKind::connect, .client = worker});
        add({.kind = ActionKind::subscribe, .client = worker, .subscriptions = group});
        add({.kind = ActionKind::withhold, .client = worker});
        add({.kind = ActionKind::connect, .client = other, .session = {.expiry = forever}});
        add({.kind = ActionKind::subscribe, .client = other, .subscriptions = group});
        for (unsigned left = 2 + random_.below(4); left > 0; --left) {
            add({.kind = ActionKind::publish,
                 .client = static_cast<int>(random_.below(first_member)),
                 .message = {.topic = "a/b", .qos = 1}});
        }
        const bool is_reset = random_.one_in(2);
        add({.kind = is_reset ? ActionKind::reset : ActionKind::disconnect, .client = worker});
        for (const auto& action : scene_)
            if (action.kind == ActionKind::connect)
                connected_[static_cast<std::size_t>(action.client)] = true;
        connected_[static_cast<std::size_t>(worker)] = false;
    }

    Action next_of_scene(std::size_t number) {
        auto action = std::move(scene_.front());
        scene_.pop_front();
        action.number = number;
        if (action.kind == ActionKind::publish)
            action.message.payload = origin('m', number, action.client);
        return action;
    }

    std::size_t index() const { return static_cast<std::size_t>(action_->client); }

    // Mostly one that is connected, if it has to be.
    int choose_client(bool should_be_connected) {
        int client = 0;
        for (int tries = 0; tries < 8; ++tries) {
            client = static_cast<int>(random_.below(client_count));
            if (!should_be_connected || connected_[static_cast<std::size_t>(client)]) break;
        }
        return client;
    }

    void fill_connect() {
        Session& session = action_->session;
        session.protocol = random_.one_in(3) ? 4 : 5;
        session.clean_start = random_.one_in(4);
        const bool is_kept = !random_.one_in(4);
        if (session.protocol == 4) {
            session.expiry = session.clean_start ? 0 : forever;
        } else if (is_kept) {
            session.expiry = action_->client == timed_client ? 1 + random_.below(2)
                             : random_.one_in(2)             ? forever
                                                             : 3600;
        }
        if (action_->client == timed_client && session.protocol == 4) session = {};
        if (session.protocol == 5) fill_limits(session);
        if (random_.one_in(4)) fill_will(session);
        connected_[index()] = true;
    }

    void fill_limits(Session& session) {
        if (random_.one_in(4)) session.receive_maximum = random_.one_in(2) ? 1 : 3;
        if (random_.one_in(12)) session.maximum_packet_size = 100;
        if (random_.one_in(4)) session.topic_alias_maximum = 5;
    }

    void fill_will(Session& session) {
        const bool is_timed = action_->client == timed_client;
        // One that the plugin has a say in, or the time, must leave nothing behind that is
        // compared.
        const bool may_be_retained = action_->client < first_member;
        session.will = make_message(is_timed ? 'x' : 'w', session.protocol);
        session.will->retain = session.will->retain && may_be_retained;
        if (session.protocol == 5 && session.expiry != 0 && random_.one_in(2)) {
            session.will_delay = is_timed ? 1 + random_.below(2) : 3600;
        }
        std::erase_if(session.will->properties, [](const Property& each) {
            return each.identifier == property::message_expiry && each.number < 60;
        });
    }

    Message make_message(char kind, int protocol) {
        Message message{.topic = choose(topics()),
                        .payload = origin(kind, action_->number, action_->client),
                        .qos = static_cast<int>(random_.below(3)),
                        .retain = random_.one_in(7)};
        if (random_.one_in(3)) message.payload += std::string(choose(sizes), 'x');
        if (protocol == 5 && random_.one_in(2)) message.properties = odd_properties(random_);
        return message;
    }

    void fill_publish() {
        Action& action = *action_;
        const bool is_timed = random_.one_in(15);
        action.message = make_message(is_timed ? 'x' : 'm', 5);
        if (is_timed) {
            action.message.retain = false;
            action.message.properties.push_back(
                {.identifier = property::message_expiry, .number = 1});
        } else if (random_.one_in(25)) {
            action.message.retain = true;
            action.message.payload.clear();
        }
        if (action.client >= first_member && random_.one_in(25)) {
            action.message.topic = (random_.one_in(2) ? "$queue/" : "$share/g/") + choose(topics());
        }
        action.is_held = action.message.qos == 2 && random_.one_in(4);
        if (random_.one_in(8)) action.alias = static_cast<std::uint16_t>(1 + random_.below(3));
    }

    void fill_subscribe() {
        Action& action = *action_;
        const auto count = random_.one_in(4) ? 1 + random_.below(3) : 1U;
        for (unsigned i = 0; i < count; ++i) {
            const auto filter = make_filter();
            const bool is_group = is_group_filter(filter);
            // What a member gets with QoS 0 may get lost with its connection.
            auto options = is_group && !random_.one_in(8) ? 1 + random_.below(2) : random_.below(3);
            // Groups refuse No Local.
            if (random_.one_in(is_group ? 30 : 4)) options |= 4;
            if (random_.one_in(4)) options |= 8;
            options |= (random_.one_in(2) ? 0U : random_.below(3)) << 4;
            action.subscriptions.push_back({filter, static_cast<std::uint8_t>(options)});
            filters_[index()].push_back(filter);
        }
        if (random_.one_in(3)) action.subscription_identifier = choose(identifiers);
    }

    std::string make_filter() {
        const bool is_member = action_->client >= first_member;
        if (!is_member || random_.one_in(3)) return choose(filters());
        if (random_.one_in(20)) return choose(malformed_filters());
        // Messages of the broker itself; when they come depends on the time, so for members alone.
        if (random_.one_in(30)) return "$share/g/$SYS/broker/clients/#";
        if (random_.one_in(4)) return "$queue/" + choose(filters());
        const auto& name = random_.one_in(8) ? choose(odd_group_names()) : choose(group_names);
        return "$share/" + name + "/" + choose(filters());
    }

    void fill_unsubscribe() {
        const auto& known = filters_[index()];
        const bool is_known = !known.empty() && !random_.one_in(8);
        action_->subscriptions.push_back({is_known ? choose(known) : make_filter()});
        if (random_.one_in(5)) action_->subscriptions.push_back({make_filter()});
    }

    void fill_raw() {
        const auto& raw = choose(raw_packets());
        action_->bytes = raw.bytes;
        action_->is_held = raw.ends_connection;
        if (raw.ends_connection) connected_[index()] = false;
    }

    void fill_control() {
        action_->bytes = choose(control_requests());
        const auto name = random_.one_in(4) ? std::string("$queue") : choose(group_names);
        action_->group = name;
        action_->filter = choose(filters());
        action_->client =
            first_member + static_cast<int>(random_.below(client_count - first_member));
        action_->count = static_cast<int>(random_.below(5));
    }

    void fill_other_plugin() {
        action_->count = static_cast<int>(1 + random_.below(3));
        action_->message = {.topic = choose(plain_topics),
                            .payload = origin('p', action_->number, client_count),
                            .qos = static_cast<int>(random_.below(3))};
    }

    template <class List>
    auto choose(const List& list) -> const typename List::value_type& {
        return list[random_.below(static_cast<unsigned>(list.size()))];
    }

    static constexpr std::array sizes{1U, 20U, 300U, 5000U, 70000U};
    static constexpr std::array<std::uint32_t, 4> identifiers{1, 7, 128, 268435455};
    const std::vector<std::string> group_names{"g", "g", "other"};
    const std::vector<std::string> plain_topics{"a", "a/b", "b", "h/x"};

    Random random_;
    std::deque<Action> scene_;  // comes next
    // With a restart the ledger begins anew, so half of the runs have none.
    const bool restarts_;
    Action* action_ = nullptr;
    std::array<bool, client_count> connected_{};
    std::array<std::vector<std::string>, client_count> filters_;
};

}  // namespace

std::string client_id(int client) {
    static const std::array<std::string, client_count> ids{
        "c0", "c1 \xC3\xA4", "c2/+#", "c3", "c4", "c5-with-a-name-of-more-than-23-letters",
        "c6", "c7",          "bob",   "c9"};
    return ids.at(static_cast<std::size_t>(client));
}

Actions make_plan(std::uint64_t seed, std::size_t count) {
    Planner planner(seed);
    Actions result;
    for (std::size_t number = 0; number < count; ++number) result.push_back(planner.next(number));
    return result;
}

void fill_empty_texts(Actions& actions) {
    const auto fill = [](Properties& properties) {
        for (auto& each : properties) {
            const bool is_text = each.identifier == property::content_type ||
                                 each.identifier == property::response_topic ||
                                 each.identifier == property::user;
            if (is_text && each.text.empty()) each.text = "e";
            if (each.identifier == property::user && each.value.empty()) each.value = "e";
        }
    };
    for (auto& action : actions) {
        fill(action.message.properties);
        if (action.session.will) fill(action.session.will->properties);
    }
}

std::vector<std::string> all_topics() {
    return topics();
}

Origin origin_of(std::string_view payload) {
    const auto middle = payload.find('c');
    const auto end = payload.find('|');
    if (end == payload.npos || middle > end) return {};
    const std::string text(payload.substr(0, end));
    return {.kind = text[0],
            .action = std::strtoul(text.c_str() + 1, nullptr, 10),
            .client = std::atoi(text.c_str() + middle + 1)};
}

}  // namespace fuzz
