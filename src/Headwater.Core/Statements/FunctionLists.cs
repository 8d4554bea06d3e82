namespace Headwater.Core.Statements;

/// <summary>
/// Names by rule. From MariaDB's sql/item_create.cc (native_functions_hash), sql/lex.h and information_schema.SQL_FUNCTIONS and KEYWORDS;
/// the integration tests ask a real server whether each native name is one.
/// </summary>
internal static class FunctionLists
{
    public const string ArgumentClauses = "substring substr mid trim trim_oracle extract position";

    public const string Reserved = """
        in and or not xor on using as over partition by from join where when then else case select distinct all any some exists union except
        intersect having limit order group with interval like rlike regexp between is div index key primary force use ignore set into returning
        offset rows range convert collate unique check references values match table binary varbinary char character varchar decimal dec numeric
        double float real int integer bigint smallint tinyint mediumint unsigned if left right mod replace insert repeat database schema
        current_date current_time current_timestamp current_user current_role localtime localtimestamp utc_date utc_time utc_timestamp row_number
        desc asc straight_join cross inner outer natural distinctrow high_priority return true false null end separator recursive exit
        """;

    public const string NotReserved = """
        value row window against columns column path nested ordinality lateral within minus signed datetime date time timestamp year bit enum text blob fixed national nchar
        ascii avg charset coalesce collation contains day format get_format hour microsecond minute month password old_password quarter reverse second
        sysdate timestampadd timestampdiff truncate user week weight_string last_value json_table column_get column_create column_add column_delete column_check
        point rownum json inet4 inet6 uuid xmltype geometry linestring polygon multipoint multilinestring multipolygon geometrycollection cube rollup
        algorithm exchange add_months begin end_of_month unicode byte
        """;

    // 10.7 and later: a 10.6 server may have a stored function of that name.
    public const string Newer = """
        crc32c natural_sort_key random_bytes sformat json_equals json_normalize json_overlaps json_schema_valid json_object_to_array
        json_object_filter_keys json_array_intersect json_key_value kdf vec_distance vec_distance_euclidean vec_distance_cosine vec_fromtext vec_totext
        uuid_v4 uuid_v7 format_bytes format_pico_time to_char sys_guid chr lengthb months_between to_number trunc date_bucket concat_operator_oracle
        decode_histogram mbrcoveredby mbrcovers st_collect st_isvalid st_simplify st_validate st_geohash st_latfromgeohash st_longfromgeohash st_pointfromgeohash
        json_pretty conv_charset to_date nvl nvl2 st_srid st_distance_sphere
        """;

    public const string Native = """
        abs acos addtime aes_decrypt aes_encrypt asin atan atan2 benchmark bin bit_count bit_length ceil ceiling character_length char_length
        coercibility column_exists column_list column_json compress concat concat_ws conv convert_tz cos cot crc32 datediff date_format dayname
        dayofmonth dayofweek dayofyear decode decode_oracle degrees elt encode encrypt exp export_set extractvalue field find_in_set floor from_base64 from_days
        from_unixtime greatest hex ifnull instr isnull json_array json_array_append json_array_insert json_compact json_contains json_contains_path json_depth
        json_detailed json_exists json_extract json_insert json_keys json_length json_loose json_merge json_merge_patch json_merge_preserve
        json_object json_query json_quote json_remove json_replace json_search json_set json_type json_unquote json_valid json_value last_day lcase least
        length ln locate log log10 log2 lower lpad ltrim makedate maketime make_set md5 monthname name_const nullif oct octet_length ord
        period_add period_diff pi pow power quote regexp_instr regexp_replace regexp_substr radians rand round rpad rtrim sec_to_time
        sha sha1 sha2 sign sin sleep soundex space sqrt strcmp str_to_date substring_index subtime tan timediff time_format time_to_sec to_base64
        to_days to_seconds ucase uncompress uncompressed_length unhex unix_timestamp updatexml upper weekday weekofyear yearweek
        inet6_aton inet6_ntoa inet_aton inet_ntoa is_ipv4 is_ipv4_compat is_ipv4_mapped is_ipv6 uuid uuid_short
        """;

    public const string Spatial = """
        st_area st_asbinary st_asgeojson st_astext st_aswkb st_aswkt st_boundary st_buffer st_centroid st_contains st_convexhull st_crosses st_difference
        st_dimension st_disjoint st_distance st_endpoint st_envelope st_equals st_exteriorring st_geomcollfromtext
        st_geomcollfromwkb st_geometrycollectionfromtext st_geometrycollectionfromwkb st_geometryfromtext st_geometryfromwkb st_geometryn st_geometrytype
        st_geomfromgeojson st_geomfromtext st_geomfromwkb st_interiorringn st_intersection st_intersects st_isclosed st_isempty st_isring st_issimple
        st_length st_linefromtext st_linefromwkb st_linestringfromtext st_linestringfromwkb st_numgeometries st_numinteriorrings st_numpoints
        st_overlaps st_pointfromtext st_pointfromwkb st_pointn st_pointonsurface st_polyfromtext st_polyfromwkb st_polygonfromtext st_polygonfromwkb st_relate
        st_startpoint st_symdifference st_touches st_union st_within st_x st_y
        mbrcontains mbrdisjoint mbrequal mbrintersects mbroverlaps mbrtouches mbrwithin
        astext asbinary geomfromtext geometryfromtext pointfromtext area centroid envelope geometrytype glength intersects numpoints srid startpoint endpoint x y
        """;

    public const string Adjacent = """
        adddate bit_and bit_or bit_xor cast count cume_dist curdate curtime date_add date_sub dense_rank extract first_value group_concat
        json_arrayagg json_objectagg lag lead max median mid min now nth_value ntile position percent_rank percentile_cont percentile_disc rank session_user
        std stddev stddev_pop stddev_samp subdate substr substring sum system_user trim trim_oracle variance var_pop var_samp
        """;

    public const string ServerLocal = "version binlog_gtid_pos wsrep_last_written_gtid wsrep_last_seen_gtid des_encrypt des_decrypt";

    public const string Impure = """
        nextval lastval setval is_free_lock is_used_lock master_gtid_wait master_pos_wait wsrep_sync_wait_upto_gtid load_file default
        """;
}
