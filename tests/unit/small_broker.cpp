#include "small_broker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <utility>

#include "shared_subscription/subscription_filter.hpp"

namespace shared_subscription {
namespace {

const GroupName kPlaceholder{.share_name = "placeholder", .filter = ""};

/// The filters that match the topic, in the order in which sub__search comes to them.
std::vector<std::string> filters_matching(std::string_view topic) {
    std::vector<std::string> filters;
    const auto walk = [&filters](const auto& self, const std::string& above,
                                 std::string_view rest) -> void {
        const auto slash = rest.find('/');
        const auto step = [&](std::string_view level) {
            const auto node = above + std::string(level);
            if (slash != rest.npos) return self(self, node + "/", rest.substr(slash + 1));
            filters.push_back(node + "/#");
            filters.push_back(node);
        };
        step(rest.substr(0, slash));
        if (above.empty() && rest.starts_with('$')) return;
        step("+");
        filters.push_back(above + "#");
    };
    walk(walk, "", topic);
    return filters;
}

bool is_roll_call(const Message& message) {
    const std::string_view payload(static_cast<const char*>(message.payload), message.payload_size);
    return payload.starts_with("shared-subscription: roll call");
}

}  // namespace

SmallBroker::SmallBroker(BrokerTraits traits, Strategy strategy)
    : traits_(traits), strategy_(strategy) {
    set_others_decide(false);
    start_engine();
    engine->restore({});
    tick();
}

void SmallBroker::start_engine() {
    engine.emplace(*this, traits_, StrategyTable(strategy_),
                   [random = std::mt19937_64(1)]() mutable { return random(); });
}

// connect__on_authorised
void SmallBroker::connect(const std::string& id, ConnectOptions options) {
    auto fresh = std::make_unique<Connection>(Connection{.id = id,
                                                         .protocol = options.protocol,
                                                         .persistent = options.persistent,
                                                         .receive_maximum = options.receive_maximum,
                                                         .largest = options.largest,
                                                         .queue = options.queue});
    if (const auto known = sessions_.find(id); known != sessions_.end()) {
        auto& before = *known->second;
        if (options.persistent && before.persistent) {
            resume(before, *fresh);
        } else {
            remove_leaves(before);
        }
        before.persistent = false;
        if (options.websocket && !is_2_1()) {
            unreported_.push_back(std::move(known->second));
            sessions_.erase(known);
        } else {
            report_end(before, false, true);
            disuse(id);
        }
    }
    auto& connection = *(sessions_[id] = std::move(fresh));
    // connection_check_acl; 2.0.11 leaves out what comes in.
    for (const auto& stored : connection.incoming) {
        const bool is_ours = !engine->is_idle() || stored->message.topic.starts_with('$');
        EXPECT_TRUE(!is_ours || engine->may_write(client_of(connection), shown(*stored)));
    }
    std::erase_if(connection.held, [&](const Held& held) {
        const bool is_denied = !may_read(connection, *held.stored);
        EXPECT_FALSE(is_denied && !others_allow_)
            << id << " loses " << held.stored->message.payload;
        return is_denied;
    });
    for (const auto& held : std::exchange(connection.held, {})) {
        if (!held.was_sent) sent_[id].push_back(held.stored->message.payload);
        report_sent(connection, *held.stored);
    }
    if (is_2_1()) engine->connected(client_of(connection));
}

void SmallBroker::resume(Connection& from, Connection& to) {
    to.slots = std::exchange(from.slots, 0);
    to.gaps = std::exchange(from.gaps, 0);
    to.held = std::exchange(from.held, {});
    to.incoming = std::exchange(from.incoming, {});
    for (auto& leaf : leaves_) {
        if (leaf.owner == &from) leaf.owner = &to;
    }
}

void SmallBroker::drop(const std::string& id) {
    auto& connection = find(id);
    report_end(connection, connection.persistent, false);
    if (!connection.persistent) disuse(id);
}

// context__disconnect
void SmallBroker::report_end(Connection& connection, bool stays, bool taken_over) {
    const auto client = client_of(connection);
    if (!is_2_1()) {
        if (is_shown(connection)) engine->disconnected(client, !connection.persistent);
    } else if (stays) {
        engine->offline(client);
    } else {
        engine->ended(client, taken_over);
    }
    send_will(connection);
    connection.online = connection.has_listener = false;
}

// context__send_will
void SmallBroker::send_will(Connection& connection) {
    const auto will = std::exchange(connection.will, std::nullopt);
    if (!will) return;
    const auto stored = store({.message = *will, .source = connection.id});
    if (engine->may_write(client_of(connection), shown(*stored))) fan_out(stored);
}

// context__add_to_disused
void SmallBroker::disuse(const std::string& id) {
    const auto known = sessions_.find(id);
    known->second->disused = true;
    disused_.push_back(std::move(known->second));
    sessions_.erase(known);
}

// disconnect_client, check_subscription_acls
void SmallBroker::kick(const std::string& id) {
    auto& connection = find(id);
    if (connection.persistent && !is_2_1()) {
        std::erase_if(leaves_, [&](const Leaf& leaf) {
            if (leaf.owner != &connection) return false;
            if (!is_shown(connection)) return true;
            if (engine->is_removing(client_of(connection), leaf.filter)) return true;
            if (has_direct_prefix(leaf.filter)) return false;
            engine->subscribe(client_of(connection), parse_subscription(leaf.filter), {});
            return false;
        });
    }
    if (connection.online) drop(id);
}

SmallBroker::Leaf SmallBroker::leaf_for(Connection& owner, const SubscriptionFilter& filter) {
    const bool is_separate =
        filter.kind == FilterKind::shared && !traits_.merges_uses(filter.topic_filter);
    return {.owner = &owner,
            .filter = is_separate ? std::string(filter.topic_filter)
                                  : engine->leaf_filter(client_of(owner), filter),
            .share = std::string(is_separate ? filter.share_name : ""),
            .is_joint = is_separate && engine->leaf_kind(filter) == LeafKind::joint};
}

SmallBroker::Leaf* SmallBroker::find_leaf(const Leaf& like) {
    const auto found = std::ranges::find_if(leaves_, [&like](const auto& leaf) {
        return leaf.owner == like.owner && leaf.filter == like.filter && leaf.share == like.share &&
               leaf.is_joint == like.is_joint;
    });
    return found == leaves_.end() ? nullptr : &*found;
}

// sub__clean_session
void SmallBroker::remove_leaves(Connection& owner) {
    std::erase_if(leaves_, [&owner](const auto& leaf) { return leaf.owner == &owner; });
    owner.slots = owner.gaps = 0;
}

bool SmallBroker::subscribe(const std::string& id, const std::string& filter, std::uint8_t qos,
                            bool no_local) {
    auto& connection = find(id);
    const auto parsed = parse_subscription(filter);
    if (parsed.kind == FilterKind::malformed) return false;
    constexpr std::uint8_t kNoLocal = 0x04;
    const auto flags = static_cast<std::uint8_t>(qos | (no_local && is_2_1() ? kNoLocal : 0));
    const bool may_be_refused = !is_2_1() && !exports_acl_check;
    engine->subscribe(client_of(connection), parsed, {flags},
                      may_be_refused ? Standing::unconfirmed : Standing::present);
    if (may_be_refused && refuses(filter)) return false;
    auto leaf = leaf_for(connection, parsed);
    leaf.qos = qos;
    leaf.no_local = no_local;
    if (auto* known = find_leaf(leaf)) {
        known->qos = qos;
    } else {
        add(leaf);
        // sub__add_normal: a place that was given up is taken first.
        if (connection.gaps > 0) {
            --connection.gaps;
        } else {
            ++connection.slots;
        }
    }
    if (leaf.share.empty()) replay(leaf);
    return true;
}

Unsubscribed SmallBroker::unsubscribe(const std::string& id, const std::string& filter) {
    auto& connection = find(id);
    const auto parsed = parse_subscription(filter);
    const auto leaf = leaf_for(connection, parsed);
    const bool is_certain = is_2_1() || exports_acl_check;
    const auto result = engine->unsubscribe(client_of(connection), parsed, is_certain);
    if (!is_certain && refuses(filter)) return result;
    if (result == Unsubscribed::leaf_goes || result == Unsubscribed::unknown) remove(leaf);
    return result;
}

// sub__add_shared
void SmallBroker::add(Leaf leaf) {
    if (!leaf.share.empty()) {
        const auto found = std::ranges::find_if(leaves_, [&leaf](const Leaf& other) {
            return leaf.is_joint && other.is_joint && other.share == leaf.share &&
                   other.filter == leaf.filter;
        });
        leaf.entry = found == leaves_.end() ? ++last_entry_ : found->entry;
    }
    leaves_.push_back(std::move(leaf));
}

// sub__remove
void SmallBroker::remove(const Leaf& like) {
    const auto* gone = find_leaf(like);
    if (!gone) return;
    leaves_.erase(leaves_.begin() + (gone - leaves_.data()));
    if (is_2_1()) {
        --like.owner->slots;
    } else {
        ++like.owner->gaps;
    }
}

// retain__queue, check_retain_source
void SmallBroker::replay(const Leaf& leaf) {
    for (const auto& [topic, stored] : std::map(retained_)) {
        if (std::ranges::count(filters_matching(topic), leaf.filter) == 0) continue;
        if (!may_read(*leaf.owner, *stored)) continue;
        if (!engine->may_write({.context = nullptr, .id = "source"}, shown(*stored))) continue;
        sent_[leaf.owner->id].push_back(stored->message.payload);
    }
}

Message SmallBroker::shown(const Stored& stored) {
    const auto& message = stored.message;
    return {.topic = message.topic,
            .payload = message.payload.data(),
            .payload_size = static_cast<std::uint32_t>(message.payload.size()),
            .qos = message.qos,
            .retain = message.retain,
            .properties = stored.properties.get()};
}

bool SmallBroker::show_received(Connection& publisher, const StoredPointer& stored) {
    const auto client = client_of(publisher);
    const bool is_ours = !engine->is_idle() || stored->message.topic.starts_with('$');
    if (is_ours && !engine->may_write_at_once(&publisher, stored->message.topic.c_str()) &&
        !engine->may_write(client, shown(*stored)))
        return false;
    return !is_ours || engine->receive_at_once(&publisher, as_shown(shown(*stored))) ||
           engine->receive(client, shown(*stored));
}

// handle__publish
bool SmallBroker::publish(const std::string& id, const Outgoing& message) {
    auto& connection = find(id);
    const auto stored = store({.message = message, .source = id});
    if (!show_received(connection, stored)) return false;
    if (message.qos == 2) {
        connection.incoming.push_back(stored);
    } else {
        fan_out(stored);
    }
    return true;
}

void SmallBroker::publish_by_bridge(const std::string& id, const Outgoing& message) {
    auto& connection = find(id);
    const auto stored = store({.message = message, .source = id});
    const bool is_at_once =
        engine->is_idle() || engine->receive_at_once(&connection, as_shown(shown(*stored)));
    if (!is_at_once && !engine->receive(client_of(connection), shown(*stored))) return;
    fan_out(stored);
}

void SmallBroker::publish_again(const std::string& id) {
    auto& connection = find(id);
    const auto again = store(*connection.incoming.front());
    std::ignore = show_received(connection, again);
}

void SmallBroker::publish_in_vain(const std::string& id, const std::string& topic) {
    auto& connection = find(id);
    publishes_in_vain_ = true;
    if (!engine->may_write_at_once(&connection, topic.c_str()))
        std::ignore = engine->may_write(client_of(connection), {.topic = topic});
    publishes_in_vain_ = false;
}

// db__message_release_incoming
void SmallBroker::release(const std::string& id) {
    auto& incoming = find(id).incoming;
    const auto stored = incoming.front();
    incoming.pop_front();
    fan_out(stored);
}

// mosquitto_acl_check: the plugin comes first
bool SmallBroker::may_read(Connection& reader, const Stored& stored) {
    if (!is_shown(reader)) return false;
    const auto& topic = stored.message.topic;
    const bool others = !others_allow_ || others_allow_(reader.id, topic);
    const auto message = shown(stored);
    if (engine->loses_at_once(&reader, as_shown(message))) return false;
    if (engine->is_idle()) return others;
    const auto at_once = engine->may_read_at_once(&reader, reader.id.c_str(), as_shown(message));
    const auto answer = at_once ? *at_once : engine->may_read(client_of(reader), message);
    EXPECT_TRUE(answer != Answer::allow || others) << topic << " was opened to " << reader.id;
    return answer == Answer::untouched ? others : answer == Answer::allow;
}

// sub__messages_queue, subs__shared_process
void SmallBroker::fan_out(const StoredPointer& stored) {
    const auto filters = filters_matching(stored->message.topic);
    const bool is_nested = std::exchange(in_fan_out_, true);
    for (const bool shared : {false, true}) {
        for (const auto& filter : filters) {
            std::set<std::string> asked;
            std::vector<Leaf> leaves;
            std::ranges::copy_if(leaves_, std::back_inserter(leaves), [&](const Leaf& leaf) {
                return leaf.filter == filter && leaf.share.empty() != shared;
            });
            std::ranges::stable_sort(leaves, {}, &Leaf::entry);
            for (const auto& leaf : leaves) {
                if (leaf.is_joint && !asked.insert(leaf.share).second) continue;
                offer(leaf, stored);
                if (leaf.is_joint) rotate(leaf);
            }
        }
    }
    in_fan_out_ = is_nested;
    if (!stored->message.retain) return;
    retained_.erase(stored->message.topic);
    if (!stored->message.payload.empty()) retained_[stored->message.topic] = stored;
}

// The place of the whole share group among others stays.
void SmallBroker::rotate(const Leaf& asked) {
    Leaf* last = nullptr;
    for (auto& leaf : leaves_) {
        if (!leaf.is_joint || leaf.share != asked.share || leaf.filter != asked.filter) continue;
        if (last) std::swap(*last, leaf);
        last = &leaf;
    }
}

// subs__send, db__message_insert
void SmallBroker::offer(const Leaf& leaf, const StoredPointer& stored) {
    auto& receiver = *leaf.owner;
    if (receiver.disused && !is_2_1()) return;  // it has lost its identifier
    if (leaf.no_local && receiver.id == stored->source) return;
    if (!may_read(receiver, *stored) || receiver.disused) return;
    if (traits_.removes_duplicates && receiver.protocol < 5) {
        if (std::ranges::count(stored->reached, receiver.id) > 0) return;
        stored->reached.push_back(receiver.id);
    }
    insert(receiver, stored, outgoing_qos(stored->message.qos, {leaf.qos}));
}

// db__message_insert_outgoing
void SmallBroker::insert(Connection& receiver, const StoredPointer& stored, std::uint8_t qos) {
    if (!receiver.online && qos == 0) return;
    const auto is_sent = [](const Held& held) { return held.was_sent; };
    const bool is_behind = receiver.withholds && receiver.receive_maximum > 0 && qos > 0 &&
                           static_cast<std::size_t>(std::ranges::count_if(
                               receiver.held, is_sent)) >= receiver.receive_maximum;
    const bool waits = !receiver.online || is_behind;
    const auto waiting = receiver.held.size() -
                         static_cast<std::size_t>(std::ranges::count_if(receiver.held, is_sent));
    if (waits && receiver.queue > 0 && waiting >= receiver.queue) return;  // db__ready_for_queue
    if (!waits && receiver.largest > 0 && stored->message.payload.size() > receiver.largest)
        return report_sent(receiver, *stored);  // packet__check_oversize
    // Nothing is read between the drain and the TICK.
    const bool is_soon = !waits && !receiver.withholds && qos > 0 && is_draining_ && is_2_1();
    if (waits || is_soon || (receiver.withholds && qos > 0))
        receiver.held.push_back({stored, !waits, is_soon});
    if (waits) return;
    sent_[receiver.id].push_back(stored->message.payload);
    report_sent(receiver, *stored);
}

// send__publish
void SmallBroker::report_sent(const Connection& receiver, const Stored& stored) {
    const auto message = shown(stored);
    if (!is_2_1() || engine->sent_at_once(&receiver, message.topic.data())) return;
    std::ignore = engine->sent(client_of(receiver), message);
}

// db__message_delete_outgoing
void SmallBroker::acknowledge(const std::string& id) {
    auto& connection = find(id);
    const auto acknowledged = std::ranges::find(connection.held, true, &Held::was_sent);
    ASSERT_NE(acknowledged, connection.held.end());
    connection.held.erase(acknowledged);
    const auto next = std::ranges::find(connection.held, false, &Held::was_sent);
    if (next == connection.held.end()) return;
    next->was_sent = true;
    sent_[id].push_back(next->stored->message.payload);
    report_sent(connection, *next->stored);
}

std::vector<std::string> SmallBroker::unacknowledged(const std::string& id) {
    std::vector<std::string> payloads;
    for (const auto& held : find(id).held)
        if (held.was_sent) payloads.push_back(held.stored->message.payload);
    return payloads;
}

void SmallBroker::acknowledge_some(const std::string& id, int most) {
    const auto in_flight = std::ranges::count(find(id).held, true, &Held::was_sent);
    for (auto left = std::min<std::ptrdiff_t>(in_flight, most); left > 0; --left) acknowledge(id);
}

void SmallBroker::tick() {
    in_tick_ = true;
    engine->tick(++ticks_ / turns_in_a_second);
    in_tick_ = false;
}

// mosquitto_main_loop
void SmallBroker::turn() {
    for (const auto& connection : unreported_) report_end(*connection, false, true);
    unreported_.clear();
    if (!is_2_1()) tick();
    drain_plugin_queue();
    free_disused();
    if (!is_2_1()) return;
    tick();
    for (const auto& [id, connection] : sessions_)
        std::erase_if(connection->held, [](const Held& held) { return held.is_acknowledged_soon; });
}

// queue_plugin_msgs: what is published meanwhile is drained in the same go, on 2.1 but for the last
void SmallBroker::drain_plugin_queue() {
    constexpr int kMany = 100'000;
    int drained = 0;
    is_draining_ = true;
    for (bool was_last = false; !plugin_queue_.empty() && !was_last && drained < kMany; ++drained) {
        was_last = is_2_1() && plugin_queue_.size() == 1;  // DL_FOREACH_SAFE has looked ahead
        const auto next = std::move(plugin_queue_.front());
        plugin_queue_.pop_front();
        const auto stored = store({.message = next.message, .properties = next.properties});
        if (next.client_id.empty()) {
            fan_out(stored);
        } else if (const auto known = sessions_.find(next.client_id); known != sessions_.end()) {
            insert(*known->second, stored, next.message.qos);
        }
    }
    is_draining_ = false;
    EXPECT_LT(drained, kMany) << "the broker does not get out of queue_plugin_msgs";
}

// context__free_disused
void SmallBroker::free_disused() {
    for (const auto& connection : disused_) remove_leaves(*connection);
    disused_.clear();
}

void SmallBroker::settle() {
    constexpr int kQuiet = 5;  // a copy that met nobody goes out again after three
    constexpr int kMany = 200;
    int all = 0;
    for (int quiet = 0; quiet < kQuiet && all < kMany; ++all) {
        const auto before = copies;
        turn();
        quiet = plugin_queue_.empty() && copies == before ? quiet + 1 : 0;
    }
    EXPECT_LT(all, kMany) << "copies go round for ever";
}

std::vector<std::string> SmallBroker::take(const std::string& id) {
    return std::exchange(sent_[id], {});
}

std::vector<std::size_t> SmallBroker::take_counts(const std::vector<std::string>& ids) {
    std::vector<std::size_t> counts;
    for (const auto& id : ids) counts.push_back(take(id).size());
    return counts;
}

void SmallBroker::publish(const Message& message) {
    ++(is_roll_call(message) ? roll_calls : copies_to_all);
    std::ignore = publish_to({}, message, {message.qos});
}

// mosquitto_broker_publish_copy; single_publish takes RETAIN away
const void* SmallBroker::publish_to(std::string_view client_id, const Message& message,
                                    const SubscriptionOptions& options) {
    const bool is_known = is_2_1() && !client_id.empty();
    copies += is_roll_call(message) ? 0 : 1;
    plugin_queue_.push_back(
        {.client_id = std::string(client_id),
         .message = {.topic = std::string(message.topic),
                     .payload = {static_cast<const char*>(message.payload), message.payload_size},
                     .qos = outgoing_qos(message.qos, options),
                     .retain = client_id.empty() && message.retain},
         .properties = is_known ? std::make_shared<int>() : nullptr});
    return plugin_queue_.back().properties.get();
}

// db__check_acl_of_all_messages
bool SmallBroker::visit_held(Context context, const std::function<bool(const Message&)>& stays) {
    const auto is_it = [context](const auto& connection) { return connection.get() == context; };
    const bool is_there =
        std::ranges::any_of(
            sessions_, is_it, [](const auto& entry) -> auto& { return entry.second; }) ||
        std::ranges::any_of(disused_, is_it) || std::ranges::any_of(unreported_, is_it);
    EXPECT_TRUE(is_there) << "a session that is not there is asked about";
    if (!is_2_1() || !is_there) return false;
    auto& held = const_cast<Connection*>(static_cast<const Connection*>(context))->held;
    std::ranges::stable_partition(held, [](const Held& one) { return one.was_sent; });
    std::erase_if(held, [&](const Held& one) { return !stays(shown(*one.stored)); });
    return true;
}

void SmallBroker::visit_received(Context context, const std::function<void(const Message&)>& see) {
    if (!is_2_1()) return;
    for (const auto& stored : static_cast<const Connection*>(context)->incoming)
        see(shown(*stored));
}

KeptProperties SmallBroker::keep_properties(const void* /*properties*/) {
    return nullptr;
}

std::size_t SmallBroker::size_of_properties(const void* /*properties*/) {
    return 0;
}

Verdict SmallBroker::ask_others_to_read(Context context, const Message& message) {
    if (!exports_acl_check) return Verdict::unknown;
    const auto& id = static_cast<const Connection*>(context)->id;
    return others_allow_(id, std::string(message.topic)) ? Verdict::allowed : Verdict::denied;
}

std::size_t SmallBroker::subscription_count(Context context) {
    return static_cast<const Connection*>(context)->slots;
}

int SmallBroker::protocol_version(Context context) {
    return static_cast<const Connection*>(context)->protocol;
}

Context SmallBroker::find_session(std::string_view client_id) {
    const auto found = sessions_.find(std::string(client_id));
    return !is_2_1() || found == sessions_.end() ? nullptr : found->second.get();
}

bool SmallBroker::is_connection(Context context) {
    return static_cast<const Connection*>(context)->was_online;
}

bool SmallBroker::may_outlive_restart(Context context) {
    return static_cast<const Connection*>(context)->persistent;
}

// mosquitto_subscription_add
void SmallBroker::add_leaf(std::string_view client_id, const GroupName& group, LeafKind kind,
                           const SubscriptionOptions& options) {
    EXPECT_FALSE(in_fan_out_);
    const auto session = sessions_.find(std::string(client_id));
    if (session == sessions_.end()) return;
    const Leaf leaf{.owner = session->second.get(),
                    .filter = group.filter,
                    .share = group.share_name,
                    .is_joint = kind == LeafKind::joint,
                    .qos = options.qos()};
    if (auto* known = find_leaf(leaf)) {
        known->qos = leaf.qos;
    } else {
        add(leaf);
        ++leaf.owner->slots;
    }
}

// mosquitto_subscription_delete
bool SmallBroker::remove_leaf(std::string_view client_id, const GroupName& group, LeafKind kind) {
    EXPECT_FALSE(in_fan_out_);
    if (!is_2_1()) return false;
    const auto session = sessions_.find(std::string(client_id));
    if (session == sessions_.end()) return true;
    const auto& share = traits_.merges_uses(group.filter) ? std::string() : group.share_name;
    remove({.owner = session->second.get(),
            .filter = group.filter,
            .share = share,
            .is_joint = kind == LeafKind::joint});
    return true;
}

void SmallBroker::add_placeholder(std::string_view client_id) {
    add_leaf(client_id, kPlaceholder, LeafKind::own, {});
}

void SmallBroker::remove_placeholder(std::string_view client_id) {
    EXPECT_TRUE(remove_leaf(client_id, kPlaceholder, LeafKind::own));
}

std::vector<SavedProperty> SmallBroker::list_properties(const void* /*properties*/) {
    return {};
}

KeptProperties SmallBroker::make_properties(const std::vector<SavedProperty>& /*properties*/) {
    return nullptr;
}

// persist__backup: leaves in share groups are not saved
void SmallBroker::save() {
    saved_.clear();
    for (const auto& [id, connection] : sessions_) {
        if (!connection->persistent) continue;
        auto& saved = saved_.emplace(id, Saved{*connection, {}}).first->second;
        for (const auto& leaf : leaves_) {
            if (leaf.owner == connection.get() && leaf.share.empty()) saved.leaves.push_back(leaf);
        }
    }
}

void SmallBroker::save_engine() {
    const auto changes = engine->take_changes(1000, 2000);
    auto& state = saved_engine_;
    const auto is_of = [](const GroupName& name) {
        return [name](const auto& saved) {
            if constexpr (requires { saved.group; }) {
                return saved.group == name;
            } else {
                return saved.name == name;
            }
        };
    };
    for (const auto& ended : changes.ended) {
        std::erase_if(state.groups, is_of(ended));
        std::erase_if(state.messages, is_of(ended));
    }
    for (const auto& session : changes.sessions) {
        std::vector<SavedUse> left;
        std::erase_if(state.sessions, [&](SavedSession& before) {
            if (before.client_id != session.client_id) return false;
            left = std::move(before.uses);
            return true;
        });
        auto merged = session;
        for (auto& use : left) {
            const bool is_there = std::ranges::any_of(session.uses, [&use](const auto& now) {
                return now.filter == use.filter && now.share_name == use.share_name;
            });
            use.left = true;
            if (!is_there) merged.uses.push_back(use);
        }
        state.sessions.push_back(std::move(merged));
    }
    for (const auto& group : changes.groups) {
        std::erase_if(state.groups, is_of(group.name));
        state.groups.push_back(group);
    }
    const auto dequeue = [&state](std::int64_t id) {
        std::erase_if(state.messages, [id](const auto& message) { return message.id == id; });
    };
    for (const auto id : changes.dequeued) dequeue(id);
    for (const auto& message : changes.queued) {
        dequeue(message.id);
        state.messages.push_back(message);
    }
    state.strategies.insert(state.strategies.end(), changes.strategies.begin(),
                            changes.strategies.end());
    std::ranges::sort(state.messages, {}, &SavedMessage::id);
}

void SmallBroker::restart(bool in_order) {
    if (in_order) {
        save();
        while (engine->has_changes()) save_engine();
        for (auto& session : saved_engine_.sessions)
            std::erase_if(session.uses, [](const auto& use) { return use.left; });
    }
    leaves_.clear();
    plugin_queue_.clear();
    disused_.clear();
    unreported_.clear();
    sessions_.clear();
    for (const auto& [id, saved] : saved_) {
        auto& connection = *(sessions_[id] = std::make_unique<Connection>(saved.connection));
        connection.online = connection.was_online = connection.withholds = false;
        connection.incoming.clear();
        connection.slots = saved.leaves.size();
        for (auto leaf : saved.leaves) {
            leaf.owner = &connection;
            leaves_.push_back(leaf);
        }
    }
    start_engine();
    engine->set_group_queue_limits(queue_limits);
    engine->set_redispatch(redispatches);
    engine->restore(saved_engine_);
    tick();
    if (!is_2_1()) drain_plugin_queue();  // nothing comes in between
}

bool SmallBroker::has_ended(Context context) {
    EXPECT_TRUE(in_tick_);
    return static_cast<const Connection*>(context)->disused;
}

void SmallBroker::log(LogLevel level, std::string_view text) {
    auto& lines = level < LogLevel::info ? membership_lines : log_lines;
    lines.emplace_back(text);
}

}  // namespace shared_subscription
