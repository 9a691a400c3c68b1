#include "core/placement/parking.hpp"

#include <algorithm>
#include <utility>

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

// So many members at a time: a round of the main loop shall not show it.
constexpr int kParkedAtOnce = 1000;
constexpr std::size_t kChangedAtOnce = 1000;

// What is worth it (Group::Placement::unsteady).
constexpr std::size_t kLarge = 64;
constexpr std::uint64_t kManyParked = 32;
constexpr std::uint64_t kTurnsForEach = 16;

const std::string& client_of(const Member& member) {
    return member.subscription->session.id;
}

}  // namespace

void Parking::tick() {
    change_some();
    if (registry_.rings.has_unaligned()) align_all(true);
}

void Parking::change_some() {
    auto& changing = registry_.rings.changing();
    for (std::size_t members = 0; !changing.empty() && members < kChangedAtOnce;) {
        auto& group = *changing.back();
        changing.pop_back();
        group.placement.changes = false;
        members += group.size();
        if (group.placement.rotates == registry_.rings.shall_rotate(group)) continue;
        if (group.placement.rotates) {
            dissolve_ring(group);
        } else {
            form_ring(group);
            registry_.rings.note_unaligned(group);
        }
    }
}

void Parking::align_all(bool nothing_fanned_out) {
    for (auto* member : registry_.rings.take_returning()) {
        if (!member->stands && member->group->placement.rotates) stand(*member);
    }
    for (auto* group : registry_.rings.take_unaligned()) align(*group, nothing_fanned_out);
}

void Parking::align(Group& group, bool nothing_fanned_out) {
    // One that is declared stays when its last member leaves, and is no ring from the next TICK on.
    if (!group.placement.rotates || group.size() == 0) return;
    // Whoever it is, somebody has to show the broker's messages for the group.
    auto* next = group.choose({});
    if (!next) next = group.ring.first();
    if (!next) next = group.members().front();
    const auto* untouchable = nothing_fanned_out ? nullptr : group.ring.asked();
    if (!let_come_first(*next, untouchable)) registry_.rings.note_unaligned(group);
}

bool Parking::let_come_first(Member& next, const Member* untouchable) {
    auto& group = *next.group;
    auto& ring = group.ring;
    if (!next.stands) stand(next);
    for (int left = kParkedAtOnce; ring.first() != &next; --left) {
        auto& first = *ring.first();
        if (left == 0 || &first == untouchable || note_if_expired(first)) return false;
        park(first);
    }
    // It costs less to ask for all of a group whose members' windows are full all the time.
    const bool is_small = group.size() < kLarge;
    if (is_small && group.placement.parked_count > kManyParked &&
        group.placement.parked_count * kTurnsForEach > ring.turns()) {
        group.placement.unsteady = true;
        registry_.rings.note_change(group);
    }
    return true;
}

// The broker finds no leaf of such a client, but asks for it until the next round.
bool Parking::note_if_expired(const Member& member) {
    const auto& session = member.subscription->session;
    if (!has_expired(session, broker_)) return false;
    if (expired_.empty() || expired_.back() != session.id) expired_.push_back(session.id);
    return true;
}

void Parking::park(Member& member) {
    auto& session = member.subscription->session;
    ++member.group->placement.parked_count;
    if (session.parked++ == 0) broker_.add_placeholder(session.id);
    std::ignore = broker_.remove_leaf(session.id, name_of(*member.group), LeafKind::joint);
    member.group->ring.remove(member);
}

void Parking::stand(Member& member) {
    broker_.add_leaf(client_of(member), name_of(*member.group), LeafKind::joint, member.options);
    stands_again(member);
}

void Parking::stands_again(Member& member) {
    auto& session = member.subscription->session;
    member.group->ring.append(member);
    if (--session.parked == 0) broker_.remove_placeholder(session.id);
}

void Parking::form_ring(Group& group) {
    const auto name = name_of(group);
    const auto& members = group.members();
    const auto* next = group.turn();
    group.placement.rotates = true;
    group.placement.parked_count = 0;
    group.ring = {};
    ++registry_.rings.count;
    for (std::size_t step = 0; step < members.size(); ++step) {
        auto& member = *members[((next ? next->place : 0) + step) % members.size()];
        broker_.add_leaf(client_of(member), name, LeafKind::joint, member.options);
        std::ignore = broker_.remove_leaf(client_of(member), name, LeafKind::own);
        group.ring.append(member);
    }
}

void Parking::dissolve_ring(Group& group) {
    const auto name = name_of(group);
    if (const auto* next = group.ring.first()) group.set_turn(*next);
    group.placement.rotates = false;
    --registry_.rings.count;
    for (auto* member : group.members()) {
        broker_.add_leaf(client_of(*member), name, LeafKind::own, member->options);
        if (!member->stands && --member->subscription->session.parked == 0)
            broker_.remove_placeholder(client_of(*member));
    }
    // In the broker's order: it looks for a leaf from the first on.
    while (auto* first = group.ring.first()) {
        std::ignore = broker_.remove_leaf(client_of(*first), name, LeafKind::joint);
        group.ring.remove(*first);
    }
}

}  // namespace shared_subscription
