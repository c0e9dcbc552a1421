// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A doubly linked list through a member of its elements: no allocation, O(1) removal.
#ifndef CORE_BASE_INTRUSIVE_LIST_H_
#define CORE_BASE_INTRUSIVE_LIST_H_

#include <cstddef>

namespace mapwire {

// Base class of a list element. Tag tells apart the lists an object can be on at once.
template <typename Tag>
class ListNode {
 public:
  constexpr ListNode() = default;
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;

  bool linked() const { return next_ != nullptr; }

 private:
  template <typename, typename>
  friend class IntrusiveList;

  ListNode* next_ = nullptr;
  ListNode* previous_ = nullptr;
};

// Owns nothing: an element must be removed before it dies. T derives from ListNode<Tag>.
template <typename T, typename Tag>
class IntrusiveList {
 public:
  using Node = ListNode<Tag>;

  class Iterator {
   public:
    explicit Iterator(Node* node) : node_(node) {}
    T& operator*() const { return static_cast<T&>(*node_); }
    T* operator->() const { return static_cast<T*>(node_); }
    Iterator& operator++() {
      node_ = node_->next_;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    Node* node_;
  };

  IntrusiveList() {
    head_.next_ = &head_;
    head_.previous_ = &head_;
  }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;

  bool empty() const { return head_.next_ == &head_; }

  void PushBack(T& element) {
    Node& node = element;
    node.previous_ = head_.previous_;
    node.next_ = &head_;
    head_.previous_->next_ = &node;
    head_.previous_ = &node;
  }

  void Remove(T& element) {
    Node& node = element;
    node.previous_->next_ = node.next_;
    node.next_->previous_ = node.previous_;
    node.next_ = nullptr;
    node.previous_ = nullptr;
  }

  // The element after `element`, or null at the end: lets a loop remove as it goes.
  T* Next(T& element) {
    Node& node = element;
    return node.next_ == &head_ ? nullptr : static_cast<T*>(node.next_);
  }
  T* First() { return empty() ? nullptr : static_cast<T*>(head_.next_); }

  Iterator begin() { return Iterator(head_.next_); }
  Iterator end() { return Iterator(&head_); }

 private:
  Node head_;
};

}  // namespace mapwire

#endif  // CORE_BASE_INTRUSIVE_LIST_H_
