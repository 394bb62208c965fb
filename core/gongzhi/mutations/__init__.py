"""The core's use cases as mutations: what a client's request needs beyond the services' rules.

Each function finds what it names under the viewer's scope, asks for the permission, runs the
service of its room (:mod:`gongzhi.registry`, :mod:`gongzhi.access`, :mod:`gongzhi.calendar`) in the
same transaction, and records the event.
"""
