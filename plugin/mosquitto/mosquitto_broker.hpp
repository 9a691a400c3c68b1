// The broker behind the core's interface.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mosquitto/headers.hpp"
#include "shared_subscription/broker.hpp"

namespace shared_subscription {

/// Asks and tells the running broker. Functions that not every build of the broker exports are
/// looked up by name.
class MosquittoBroker final : public Broker {
  public:
    MosquittoBroker();

    void publish(const Message& message) override;
    const void* publish_to(std::string_view client_id, const Message& message,
                           const SubscriptionOptions& options) override;
    [[nodiscard]] KeptProperties keep_properties(const void* properties) override;
    [[nodiscard]] KeptProperties keep_published_properties(const void* properties) override;
    [[nodiscard]] std::size_t size_of_properties(const void* properties) override;
    [[nodiscard]] Verdict ask_others_to_read(Context context, const Message& message) override;
    [[nodiscard]] Verdict ask_others_to_write(Context context, const Message& message) override;
    [[nodiscard]] std::size_t subscription_count(Context context) override;
    [[nodiscard]] int protocol_version(Context context) override;
    [[nodiscard]] Context find_session(std::string_view client_id) override;
    [[nodiscard]] bool is_connection(Context context) override;
    [[nodiscard]] bool may_outlive_restart(Context context) override;
    void add_leaf(std::string_view client_id, const GroupName& group, LeafKind kind,
                  const SubscriptionOptions& options) override;
    [[nodiscard]] bool remove_leaf(std::string_view client_id, const GroupName& group,
                                   LeafKind kind) override;
    void add_placeholder(std::string_view client_id) override;
    void remove_placeholder(std::string_view client_id) override;
    bool visit_held(Context context, const std::function<bool(const Message&)>& stays) override;
    [[nodiscard]] bool can_visit_held() const noexcept override { return is_first_ && visit_held_; }
    void visit_received(Context context, const std::function<void(const Message&)>& see) override;
    void disconnect(std::string_view client_id) override;
    [[nodiscard]] std::int64_t now() override;
    [[nodiscard]] std::vector<SavedProperty> list_properties(const void* properties) override;
    [[nodiscard]] KeptProperties make_properties(
        const std::vector<SavedProperty>& properties) override;
    [[nodiscard]] bool has_ended(Context context) override;
    /// Is written by `write_log`, at once where there are no TICKs: with `log_dest topic` the
    /// broker fans each line out then and there, in the midst of whatever it was about.
    void log(LogLevel level, std::string_view text) override;
    /// Nothing is under way. `has_ticks`: from now on, this is called in each.
    void write_log(bool has_ticks = false);
    /// The same where much has come together, as when many join in one round.
    void write_much_log() {
        if (lines_.size() > 1 && !is_asking()) write_log();
    }

    /// The arguments of the broker's access check differ by generation.
    void set_shows_properties(bool shows_properties) noexcept {
        shows_properties_ = shows_properties;
    }

    /// Puts an access check to the whole chain, in which this plugin then answers as if it were not
    /// there.
    [[nodiscard]] Verdict ask_others(Context context, const Message& message, int access);
    [[nodiscard]] Verdict ask_others(const mosquitto_evt_acl_check& check);

    /// This plugin is making the broker ask.
    [[nodiscard]] bool is_asking() const noexcept { return question_ != nullptr; }
    /// In an access check: what to answer if it is one that this plugin has brought about.
    [[nodiscard]] std::optional<int> answer_own(const mosquitto_evt_acl_check& check, int neutral) {
        if (!is_asking()) return {};
        return visitor_ ? visit(check) : arrived(check, neutral);
    }

    /// 2.1: nobody is asked before this plugin, so that nobody answers for it.
    void set_first(bool is_first) noexcept { is_first_ = is_first; }

    [[nodiscard]] bool can_ask_others() const noexcept override { return acl_check_ != nullptr; }

    /// In TICK. What was published to one client and the broker has dropped stays in its store
    /// until it stops, with nobody to refer to it (single_publish): that is freed here, once a
    /// second. Not where the broker does not export what it takes (2.0.19 and later, builds by
    /// make).
    void free_dropped(std::int64_t milliseconds);

    void name_plugin(mosquitto_plugin_id_t* identifier) const;

  private:
    using PropertyCopyAll = int (*)(mosquitto_property**, const mosquitto_property*);
    using FindClient = ::mosquitto* (*)(const char*);
    using SubscriptionAdd = int (*)(const v2_1::Subscription*);
    using SubscriptionDelete = int (*)(const char*, const char*);
    using CompactStore = void (*)();
    using VisitHeld = void (*)(::mosquitto*);
    using SetInfo = int (*)(mosquitto_plugin_id_t*, const char*, const char*);

    static void write(LogLevel level, const char* text);
    void add_leaf(std::string_view client_id, std::string leaf, const SubscriptionOptions& options);
    [[nodiscard]] bool remove_leaf(std::string_view client_id, const std::string& leaf);
    [[nodiscard]] int arrived(const mosquitto_evt_acl_check& check, int neutral) noexcept;
    [[nodiscard]] int visit(const mosquitto_evt_acl_check& check);
    template <class Ask>
    void let_visit(int access, const std::function<bool(const Message&)>& visitor, const Ask& ask);
    bool visit_session(Context context, int access,
                       const std::function<bool(const Message&)>& stays);
    [[nodiscard]] bool reaches_us(::mosquitto* client);
    [[nodiscard]] static KeptProperties own(mosquitto_property* properties);
    [[nodiscard]] static mosquitto_property* make_list(
        const std::vector<SavedProperty>& properties);
    [[nodiscard]] mosquitto_property* copy(const mosquitto_property* properties);
    bool publish(const char* client_id, const Message& message, int qos,
                 mosquitto_property* properties);

    PropertyCopyAll property_copy_all_;
    FindClient find_client_;
    SetInfo set_info_;
    SubscriptionAdd subscription_add_;
    SubscriptionDelete subscription_delete_;
    CompactStore compact_store_;
    VisitHeld visit_held_;
    void* acl_check_;
    bool is_first_ = false;
    bool has_published_to_ = false;  // one client, since free_dropped
    std::int64_t free_next_ = 0;     // in milliseconds
    bool shows_properties_ = false;
    const mosquitto_evt_acl_check* question_ = nullptr;             // while it is put
    const std::function<bool(const Message&)>* visitor_ = nullptr;  // ... about what a client holds
    int visited_ = MOSQ_ACL_READ;  // ... of what it is sent, or of what it has sent (WRITE)
    bool has_ticks_ = false;
    // Each a level and a text, with an end. In large pieces: so many small ones would leave holes
    // among what joins at the same time, and one that grows would be copied over and over.
    std::vector<std::string> lines_;
};

}  // namespace shared_subscription
